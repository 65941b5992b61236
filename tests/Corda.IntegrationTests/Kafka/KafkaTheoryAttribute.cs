namespace Corda.IntegrationTests.Kafka;

/// <summary>As <see cref="KafkaFactAttribute"/>, for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KafkaTheoryAttribute : TheoryAttribute
{
    public KafkaTheoryAttribute()
    {
        if (TestCluster.SkipShared is { } why) Skip = why;
    }
}
