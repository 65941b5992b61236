using Corda.IntegrationTests.Kafka;

namespace Corda.Tests.Compliance;

/// <summary>A test of the compliance suite, skipped where there is no Kafka.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BusFactAttribute : KafkaFactAttribute;
