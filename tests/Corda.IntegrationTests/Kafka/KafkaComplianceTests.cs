using Corda.Tests.Compliance;
using Corda.Tests.Support;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Logging;

namespace Corda.IntegrationTests.Kafka;

/// <summary>The compliance suite on a real broker.</summary>
public abstract class KafkaCompliance : MessageBusCompliance
{
    private readonly LogLines log = new();

    private protected abstract KafkaGroupProtocol Protocol { get; }

    protected override int TooManyBytes => KafkaSettings.RecordBytesMax + 1;

    protected override IMessageBus Open() => new KafkaBus(Options, TimeProvider.System, log.CreateLogger<KafkaBus>());

    private protected KafkaOptions Options => new()
    {
        BootstrapServers = TestCluster.Bootstrap,
        GroupProtocol = Protocol,
        Partitions = 8,
        SessionTimeout = TimeSpan.FromMilliseconds(1_200),
        HeartbeatInterval = TimeSpan.FromMilliseconds(100),
        PollTimeout = TimeSpan.FromMilliseconds(1_500),
    };

    /// <summary>The client looks twice a second whether its member still polls.</summary>
    protected override Task PassMemberTimeout() => Task.Delay(Options.PollTimeout + TimeSpan.FromSeconds(1));

    /// <summary>The cleaner takes what is not in the active segment, which is closed after a second, by the next write.</summary>
    protected override Task Compact(string topic) => Task.Delay(TimeSpan.FromMilliseconds(1_100));
}

public sealed class KafkaClassicComplianceTests : KafkaCompliance
{
    private protected override KafkaGroupProtocol Protocol => KafkaGroupProtocol.Classic;
}

public sealed class KafkaConsumerComplianceTests : KafkaCompliance
{
    private protected override KafkaGroupProtocol Protocol => KafkaGroupProtocol.Consumer;
}
