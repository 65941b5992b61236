using System.Diagnostics;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.IntegrationTests.Kafka;

/// <summary>Offsets outside of transactions, which a network delays, against those of transactions.</summary>
public sealed class LateOffsetTests : IAsyncLifetime
{
    private const string Topic = "late.offsets";
    private static readonly TopicPartition Place = new(Topic, 0);

    private readonly List<KafkaBus> opened = [];
    private FaultBroker? broker;

    public Task InitializeAsync()
    {
        if (TestCluster.SkipOwn is null) broker = FaultBroker.StartOne(proxies: 1, seed: 1);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (KafkaBus bus in opened) await bus.DisposeAsync();
        if (broker is not null) await broker.DisposeAsync();
    }

    [OwnBrokerFact]
    public async Task Offsets_of_an_idle_partition_that_are_still_on_their_way_let_no_later_ones_pass()
    {
        ChaosProxy proxy = broker!.Proxies[0];
        KafkaBus straight = Open(broker.Bootstrap);
        straight.EnsureTopics([new TopicSpec(Topic, Cleanup.Delete)]);
        using ITransactionalProducer client = straight.OpenTransactional("client");
        using ITransactionalProducer worker = straight.OpenTransactional("worker");
        using TestGroupMember member = new(Open($"127.0.0.1:{proxy.Port}"), "group", Topic);
        Write(client);
        Until(() => member.Records.Count == 1, "the first record", member.Poll);
        Commit(1);

        // Behind it lies a control record, which the idle member moves its offset over.
        Trap held = proxy.Catch(ApiKey.OffsetCommit, Side.Request);
        Until(() => held.Caught.IsCompleted, "an idle offset to be committed", member.Poll);
        Write(client);
        Until(() => member.Records.Count == 2, "the second record", member.Poll);

        Assert.Contains("under way", Assert.Throws<MessagingTransientException>(() => Commit(3)).Message);
        held.Release();
        Until(() => Xunit.Record.Exception(() => Commit(3)) is null, "the second record to be committed", member.Poll);

        // Not the offset that was held.
        member.Consumer.Rewind();
        Assert.Equal(3, member.Consumer.Position(Place));

        void Commit(long offset) => worker.Commit([], new Dictionary<TopicPartition, long> { [Place] = offset }, member.Consumer.Membership);
    }

    private static void Write(ITransactionalProducer client) => client.Commit([new OutgoingRecord(Place, [1], [1])], new Dictionary<TopicPartition, long>(), null);

    private static void Until(Func<bool> condition, string what, Action meanwhile)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), $"waited in vain for {what}");
            meanwhile();
        }
    }

    private KafkaBus Open(string bootstrap)
    {
        var bus = new KafkaBus(new KafkaOptions { BootstrapServers = bootstrap, Partitions = 1 }, TimeProvider.System, NullLogger<KafkaBus>.Instance);
        opened.Add(bus);
        return bus;
    }
}
