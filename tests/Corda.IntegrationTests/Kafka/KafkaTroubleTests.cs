using System.Diagnostics;
using Confluent.Kafka;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Logging;
using TopicPartition = Corda.Workers.Messaging.Bus.TopicPartition;

namespace Corda.IntegrationTests.Kafka;

/// <summary>Brokers that stand still, die and come back, on a cluster of this class's own.</summary>
public sealed class KafkaTroubleTests(KafkaTroubleTests.OwnBroker own) : IClassFixture<KafkaTroubleTests.OwnBroker>, IAsyncDisposable
{
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    // Long enough that who waits for its end is behind who does not, also on a busy machine.
    private static readonly TimeSpan LongSession = TimeSpan.FromSeconds(20);

    private readonly string topic = $"trouble.{Guid.NewGuid():N}";
    private readonly LogLines log = new();
    private readonly List<IMessageBus> opened = [];

    private TopicPartition Place => new(topic, 0);

    public async ValueTask DisposeAsync()
    {
        foreach (IMessageBus bus in opened) await bus.DisposeAsync();
    }

    [OwnBrokerFact]
    public async Task After_a_commit_without_an_answer_nothing_ever_begins_on_that_producer_again()
    {
        KafkaBus bus = Open();
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        string id = $"tx.{topic}";
        using ITransactionalProducer producer = bus.OpenTransactional(id);
        int acknowledged = 0;
        Task<Exception> failing = Task.Run(() =>
        {
            while (true)
            {
                try
                {
                    producer.Commit([Numbered(acknowledged)], NoOffsets, null);
                    acknowledged++;
                }
                catch (Exception failure) when (failure is MessagingIndefiniteException or MessagingTransientException or MessagingFencedException)
                {
                    return failure;
                }
            }
        });
        while (Volatile.Read(ref acknowledged) < 20) await Task.Yield();
        Exception first;
        own.Broker!.Pause();
        try
        {
            first = await failing.WaitAsync(TimeSpan.FromSeconds(60));
        }
        finally
        {
            own.Broker.Resume();
        }

        // Standing still may have caught it before the end of the transaction was sent: then nothing was committed, and it may go on.
        if (first is not MessagingTransientException)
        {
            Exception again = Assert.ThrowsAny<Exception>(() => producer.Commit([Numbered(-1)], NoOffsets, null));
            Assert.IsType(first.GetType(), again);
        }

        using ITransactionalProducer heir = bus.OpenTransactional(id);
        heir.Commit([Numbered(1_000_000)], NoOffsets, null);
        List<int> read = ReadAll(bus);
        int unknown = first is MessagingIndefiniteException && read.Contains(acknowledged) ? 1 : 0;
        Assert.Equal([.. Enumerable.Range(0, acknowledged + unknown), 1_000_000], read);
    }

    [OwnBrokerFact]
    public async Task Producers_consumers_and_readers_go_on_after_the_broker_was_killed_and_came_back()
    {
        KafkaBus bus = Open();
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        using IBatchProducer producer = bus.OpenProducer($"client.{topic}");
        using TestGroupMember member = new(bus, $"group.{topic}", topic);
        await producer.WriteAsync([Numbered(0)]);
        Until(() => member.Records.Count == 1, "the first record", () => PollThrough(member));

        own.Broker!.Kill();
        Task write = producer.WriteAsync([Numbered(1)]);
        own.Broker.Up();
        Exception? outcome = await Xunit.Record.ExceptionAsync(() => write.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.True(outcome is null or MessagingTransientException or MessagingIndefiniteException, $"{outcome}");
        Until(() => TryWrite(producer, 2), "a write after the restart");

        Until(() => member.Records.Exists(record => Number(record) == 2), "the record written after the restart", () => PollThrough(member));
        Assert.Equal(2, ReadAll(bus)[^1]);
    }

    [OwnBrokerFact]
    public void Member_whose_session_ended_in_an_outage_has_its_partitions_back_before_another_session_is_over()
    {
        KafkaOptions options = Options(LongSession);
        KafkaBus bus = Open(options);
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        using TestGroupMember member = new(bus, $"group.{topic}", topic);

        // The same client without a bus around it: the broker remembers its former membership, and waits for that session once more.
        using IConsumer<byte[], byte[]> bare = new ConsumerBuilder<byte[], byte[]>(KafkaSettings.GroupConsumer(options, $"bare.{topic}", "bare")).SetLogHandler(static (_, _) => { }).Build();
        bare.Subscribe(topic);
        void PollBoth()
        {
            PollThrough(member);
            PollThrough(bare);
        }

        Until(() => member.Consumer.Assignment.Count == 1 && bare.Assignment.Count == 1, "the partition", PollBoth);
        own.Broker!.Kill();
        Until(() => member.Consumer.Assignment.Count == 0 && bare.Assignment.Count == 0, "the end of the sessions", PollBoth);
        own.Broker.Up();
        Until(() => member.Consumer.Assignment.Count == 1 || bare.Assignment.Count == 1, "the partition, again", PollBoth);

        Assert.Equal((1, 0), (member.Consumer.Assignment.Count, bare.Assignment.Count));
        Until(() => bare.Assignment.Count == 1, "the partition of who has waited for the session", PollBoth);
    }

    [OwnBrokerFact]
    public async Task Bus_without_a_broker_says_so_as_transient_and_works_when_there_is_one()
    {
        own.Broker!.Kill();
        KafkaBus bus = Open();
        long start = Stopwatch.GetTimestamp();

        MessagingTransientException said = Assert.Throws<MessagingTransientException>(() => bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]));

        Assert.Contains(own.Broker.Bootstrap, said.Message);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.InRange(log.Lines.Count(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("Kafka client", StringComparison.Ordinal)), 1, 10);
        own.Broker.Up();
        Until(() => Xunit.Record.Exception(() => bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)])) is null, "the topic to be made");
        using IBatchProducer producer = bus.OpenProducer("client");
        await producer.WriteAsync([Numbered(1)]);
    }

    private static void PollThrough(TestGroupMember member)
    {
        try
        {
            member.Poll();
        }
        catch (Exception passing) when (passing is MessagingTransientException or MessagingFencedException)
        {
            // The broker is away.
        }
    }

    private static void PollThrough(IConsumer<byte[], byte[]> bare)
    {
        try
        {
            bare.Consume(TimeSpan.FromMilliseconds(20));
        }
        catch (ConsumeException)
        {
            // The broker is away, or the group has no offset yet, which does not matter here.
        }
    }

    private static void Until(Func<bool> condition, string what, Action? meanwhile = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(90), $"waited in vain for {what}");
            meanwhile?.Invoke();
        }
    }

    private static int Number(ConsumedRecord record) => BitConverter.ToInt32(record.Value);

    private bool TryWrite(IBatchProducer producer, int number) => Xunit.Record.Exception(() => producer.WriteAsync([Numbered(number)]).GetAwaiter().GetResult()) is null;

    private OutgoingRecord Numbered(int number) => new(Place, [1], BitConverter.GetBytes(number));

    private List<int> ReadAll(KafkaBus bus)
    {
        using IPartitionReader reader = bus.OpenReader([Place], StartAt.Beginning);
        long end = reader.EndOffset(Place);
        List<int> read = [];
        Until(() => reader.Position(Place) >= end, "the end of the partition", () => read.AddRange(reader.Poll(100, TimeSpan.FromMilliseconds(20)).Select(Number)));
        return read;
    }

    private KafkaOptions Options(TimeSpan? session = null) => new()
    {
        BootstrapServers = own.Broker!.Bootstrap,
        Partitions = 1,
        SessionTimeout = session ?? TimeSpan.FromSeconds(10),
        TransactionTimeout = TimeSpan.FromSeconds(4),
    };

    private KafkaBus Open(KafkaOptions? options = null)
    {
        KafkaBus bus = new(options ?? Options(), TimeProvider.System, log.CreateLogger<KafkaBus>());
        opened.Add(bus);
        return bus;
    }

    /// <summary>A broker that may be harmed.</summary>
    public sealed class OwnBroker : IDisposable
    {
        internal Broker? Broker { get; } = TestCluster.SkipOwn is null ? TestCluster.StartOwn() : null;

        public void Dispose() => Broker?.Dispose();
    }
}
