using System.Collections.Concurrent;
using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Corda.Tests.Bus;

/// <summary>
/// A group of copying workers that come, go, stall and are fenced, while producers write. The oracle: each input is copied exactly once, in the order of its
/// partition, whatever happened to whoever was copying it.
/// </summary>
public sealed class EmbeddedBusStressTests(ITestOutputHelper output) : IDisposable
{
    private const int Inputs = 3000;
    private const int Lanes = 4;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task Every_input_is_copied_exactly_once_and_in_order_while_members_come_go_and_stall(int seed, bool withFile)
    {
        output.WriteLine($"seed {seed}");
        ILogStore store = withFile ? new SqliteLogStore(new SqliteSettings { Folder = folder.Path, SurvivesPowerLoss = false }) : new MemoryLogStore();
        EmbeddedBusOptions options = new() { PartitionCount = 6, MemberTimeout = TimeSpan.FromMilliseconds(40), TailBytesMax = 4000, GroupBytesMax = 2000 };
        await using EmbeddedBus bus = new(store, options, TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec("in", Cleanup.Delete), new TopicSpec("out", Cleanup.Delete)]);
        using CancellationTokenSource done = new();

        Task producing = Task.Run(() => Produce(bus, new Random(seed)));
        ConcurrentQueue<string> events = [];
        Task[] lanes = [.. Enumerable.Range(0, Lanes).Select(lane => Task.Factory.StartNew(
            () => RunLane(bus, lane, new Random((seed * 100) + lane), events, done.Token), done.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        await producing.WaitAsync(TimeSpan.FromSeconds(30));
        await AwaitCopies(bus);
        await done.CancelAsync();
        await Task.WhenAll(lanes).WaitAsync(TimeSpan.FromSeconds(30));

        output.WriteLine(string.Join(", ", events.GroupBy(e => e).Select(e => $"{e.Key}: {e.Count()}")));
        for (int partition = 0; partition < options.PartitionCount; partition++)
        {
            Assert.Equal(ReadAll(bus, new TopicPartition("in", partition)), ReadAll(bus, new TopicPartition("out", partition)));
        }

        Assert.Contains("fenced", events);
        Assert.Contains("left", events);
    }

    private static void Produce(EmbeddedBus bus, Random random)
    {
        using IBatchProducer producer = bus.OpenProducer("producer");
        for (int i = 0; i < Inputs; i++)
        {
            producer.WriteAsync([Record("in", random.Next(6), Encoding.UTF8.GetBytes($"{i}"))]).GetAwaiter().GetResult();
        }
    }

    private static void RunLane(EmbeddedBus bus, int lane, Random random, ConcurrentQueue<string> events, CancellationToken done)
    {
        ITransactionalProducer producer = bus.OpenTransactional($"lane-{lane}");
        IGroupConsumer consumer = bus.JoinGroup("copiers", $"lane-{lane}", ["in"], new DeafListener());
        while (!done.IsCancellationRequested)
        {
            try
            {
                IReadOnlyList<ConsumedRecord> records = consumer.Poll(20, TimeSpan.FromMilliseconds(5));
                GroupMembership membership = consumer.Membership;
                int dice = random.Next(100);
                if (dice < 2)
                {
                    Thread.Sleep(random.Next(120)); // Not a wait for anything: this is a worker that stalls.
                    events.Enqueue("stalled");
                }

                if (records.Count > 0)
                {
                    Dictionary<TopicPartition, long> consumed = records.GroupBy(r => r.Partition).ToDictionary(g => g.Key, g => g.Last().Offset + 1);
                    producer.Commit([.. records.Select(r => Record("out", r.Partition.Partition, r.Value!))], consumed, membership);
                }

                if (dice is >= 2 and < 6)
                {
                    consumer.Dispose();
                    consumer = bus.JoinGroup("copiers", $"lane-{lane}", ["in"], new DeafListener());
                    events.Enqueue("left");
                }
                else if (dice == 6)
                {
                    producer = bus.OpenTransactional($"lane-{random.Next(Lanes)}");
                    events.Enqueue("took an id");
                }
                else if (dice is >= 7 and < 10)
                {
                    consumer.Rewind();
                }
            }
            catch (MessagingFencedException)
            {
                events.Enqueue("fenced");
                producer = bus.OpenTransactional($"lane-{lane}");
                consumer.Rewind();
            }
        }

        consumer.Dispose();
    }

    private async Task AwaitCopies(EmbeddedBus bus)
    {
        for (int i = 0; i < 20_000; i++)
        {
            if (Enumerable.Range(0, 6).Sum(p => ReadAll(bus, new TopicPartition("out", p)).Count) >= Inputs)
            {
                return;
            }

            await Task.Delay(10);
        }

        Assert.Fail("not everything was copied");
    }

    private static OutgoingRecord Record(string topic, int partition, byte[] value) => new(new TopicPartition(topic, partition), [1], value);

    private static List<string> ReadAll(EmbeddedBus bus, TopicPartition partition)
    {
        using IPartitionReader reader = bus.OpenReader([partition], StartAt.Beginning);
        long end = reader.EndOffset(partition);
        List<string> values = [];
        while (reader.Position(partition) < end)
        {
            values.AddRange(reader.Poll(1000, TimeSpan.Zero).Select(r => Encoding.UTF8.GetString(r.Value!)));
        }

        return values;
    }
}
