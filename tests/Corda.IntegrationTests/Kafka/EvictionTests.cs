using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Corda.Tests.Support;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka.Eviction;
using Partition = Confluent.Kafka.TopicPartition;

namespace Corda.IntegrationTests.Kafka;

/// <summary>
/// A member dies without a word, its transaction open and with offsets in it, and is evicted over the wire: through every kind of security, in both group
/// protocols. Its session would last 40 s (<see cref="SecuredBroker.Session"/>), its transaction a minute.
/// </summary>
public sealed class EvictionTests(SecuredBroker broker) : IClassFixture<SecuredBroker>, IDisposable
{
    private const int Partitions = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly LogLines log = new();
    private readonly string run = Guid.NewGuid().ToString("N")[..8];
    private readonly List<IDisposable> opened = [];

    public void Dispose()
    {
        opened.Reverse();
        opened.ForEach(static one => one.Dispose());
    }

    [OwnBrokerTheory]
    [InlineData("PLAINTEXT", "", "classic")]
    [InlineData("PLAINTEXT", "", "consumer")]
    [InlineData("SASL_PLAINTEXT", "PLAIN", "classic")]
    [InlineData("SASL_PLAINTEXT", "SCRAM-SHA-256", "classic")]
    [InlineData("SASL_PLAINTEXT", "SCRAM-SHA-512", "classic")]
    [InlineData("SSL", "", "classic")]
    [InlineData("SASL_SSL", "SCRAM-SHA-512", "consumer")]
    public async Task Evicted_members_partitions_and_offsets_are_the_survivors_within_moments(string listener, string mechanism, string protocol)
    {
        Dictionary<string, string> client = broker.Client(listener, mechanism);
        client["bootstrap.servers"] = broker.Bootstrap(listener);
        await CreateTopic(client);
        using IConsumer<byte[], byte[]> survivor = Consumer(client, protocol);
        IConsumer<byte[], byte[]> victim = Consumer(client, protocol);
        await Drive(() => survivor.Assignment.Count == Partitions / 2 && victim.Assignment.Count == Partitions / 2, survivor, victim);
        Partition[] held = OpenTransaction(client, victim);
        string member = victim.MemberId;
        long alive = Stopwatch.GetTimestamp();
        victim.Dispose();

        client["group.protocol"] = protocol;
        var eviction = new KafkaEviction(client["bootstrap.servers"], client, TimeProvider.System, log.CreateLogger("eviction"));
        Task<bool> done = eviction.Evict(new DeadWorker("victim", [$"tx-{run}"], [new GroupMemberId($"group-{run}", member)]));
        await Drive(() => survivor.Assignment.Count == Partitions, survivor);
        survivor.Committed(held, Patience);

        // Its last heartbeat was at most one interval before it was last alive: no session of its ends sooner than this.
        Assert.InRange(Stopwatch.GetElapsedTime(alive), TimeSpan.Zero, SecuredBroker.Session - SecuredBroker.Heartbeat);
        Assert.True(await done, string.Join('\n', log.Lines));
    }

    [OwnBrokerTheory]
    [InlineData("SASL_PLAINTEXT", "SCRAM-SHA-256")]
    [InlineData("SASL_PLAINTEXT", "PLAIN")]
    public async Task A_wrong_password_is_told_and_nothing_fails(string listener, string mechanism)
    {
        Dictionary<string, string> client = broker.Client(listener, mechanism);
        client["sasl.password"] = "wrong";
        var eviction = new KafkaEviction(broker.Bootstrap(listener), client, TimeProvider.System, log.CreateLogger("eviction"));

        Assert.False(await eviction.Evict(new DeadWorker("victim", [$"tx-{run}"], [])));
        Assert.Contains(log.Lines, line => line.Contains("Warning", StringComparison.Ordinal) && line.Contains("refused", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, line => line.Contains("wrong", StringComparison.Ordinal));
    }

    [OwnBrokerFact]
    public async Task A_broker_whose_certificate_is_of_nobody_we_trust_is_told_nothing()
    {
        Dictionary<string, string> client = broker.Client("SASL_SSL", "PLAIN");
        client["ssl.ca.location"] = client["ssl.ca.location"].Replace("ca.pem", "client.pem", StringComparison.Ordinal);
        var eviction = new KafkaEviction(broker.Bootstrap("SASL_SSL"), client, new ShortPatience(), log.CreateLogger("eviction"));

        Assert.False(await eviction.Evict(new DeadWorker("victim", [$"tx-{run}"], [])));
        Assert.Contains(log.Lines, line => line.Contains("certificate", StringComparison.Ordinal));
    }

    [OwnBrokerFact]
    public async Task What_cannot_be_done_here_is_told_once_at_the_start()
    {
        var client = new Dictionary<string, string> { ["security.protocol"] = "SASL_SSL", ["sasl.mechanism"] = "GSSAPI" };
        var eviction = new KafkaEviction("127.0.0.1:1", client, TimeProvider.System, log.CreateLogger("eviction"));

        Assert.False(await eviction.Evict(new DeadWorker("victim", ["tx"], [])));
        Assert.Contains("GSSAPI", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    private static async Task Drive(Func<bool> until, params IConsumer<byte[], byte[]>[] consumers)
    {
        long start = Stopwatch.GetTimestamp();
        while (!until())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"assigned: {string.Join(", ", consumers.Select(c => c.Assignment.Count))}");
            foreach (IConsumer<byte[], byte[]> consumer in consumers) consumer.Consume(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }
    }

    private async Task CreateTopic(Dictionary<string, string> client)
    {
        using IAdminClient admin = new AdminClientBuilder(client).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = $"topic-{run}", NumPartitions = Partitions, ReplicationFactor = 1 }]);
    }

    private IConsumer<byte[], byte[]> Consumer(Dictionary<string, string> client, string protocol)
    {
        var settings = new Dictionary<string, string>(client)
        {
            ["group.id"] = $"group-{run}",
            ["group.protocol"] = protocol,
            ["enable.auto.commit"] = "false",
            ["auto.offset.reset"] = "earliest",
        };
        if (protocol == "classic")
        {
            settings["partition.assignment.strategy"] = "cooperative-sticky";
            settings["session.timeout.ms"] = $"{SecuredBroker.Session.TotalMilliseconds}";
            settings["heartbeat.interval.ms"] = $"{SecuredBroker.Heartbeat.TotalMilliseconds}";
        }

        IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(settings).SetLogHandler(static (_, _) => { }).Build();
        consumer.Subscribe($"topic-{run}");
        return consumer;
    }

    // Closing no transaction and leaving no group is what a process does that is killed; the client library can do the same.
    private Partition[] OpenTransaction(Dictionary<string, string> client, IConsumer<byte[], byte[]> victim)
    {
        var settings = new Dictionary<string, string>(client) { ["transactional.id"] = $"tx-{run}" };
        IProducer<byte[], byte[]> producer = new ProducerBuilder<byte[], byte[]>(settings).Build();
        opened.Add(producer);
        producer.InitTransactions(Patience);
        producer.BeginTransaction();
        Partition[] held = [.. victim.Assignment];
        producer.Produce(held[0], new Message<byte[], byte[]> { Key = [1], Value = [1] });
        producer.SendOffsetsToTransaction(held.Select(p => new TopicPartitionOffset(p, 0)), victim.ConsumerGroupMetadata, Patience);
        producer.Flush(Patience);
        return held;
    }

    /// <summary>Time in which ten seconds of patience are over in one.</summary>
    private sealed class ShortPatience : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.FromSeconds(2) ? dueTime / 10 : dueTime, period);
    }
}
