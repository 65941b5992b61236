using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Bus;

/// <summary>What maintenance may take away, how it keeps pace, and how the bus ends.</summary>
public sealed class LogMaintenanceTests
{
    private static readonly TopicPartition Place = new("events", 0);
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];
    private readonly EmbeddedBusOptions options = new() { TailBytesMax = 0 };
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Group_that_could_not_read_because_the_process_was_off_for_long_finds_everything()
    {
        MemoryLogStore store = new();
        await using (EmbeddedBus bus = Open(store))
        {
            Write(bus, 1);
            CommitOffset(bus, 0);
        }

        time.Advance(options.GroupRetention + options.RetentionTime);
        await using EmbeddedBus again = Open(store);
        await RunMaintenanceAsync(again, TimeSpan.Zero);

        using IGroupConsumer member = again.JoinGroup("group", "member", [Place.Topic], new DeafListener());
        Assert.Contains(0, member.Poll(10, TimeSpan.Zero).Select(r => r.Offset));
    }

    [Fact]
    public async Task Group_without_members_for_long_is_forgotten_while_the_process_runs()
    {
        MemoryLogStore store = new();
        await using EmbeddedBus bus = Open(store);
        Write(bus, 1);
        CommitOffset(bus, 0);

        await RunMaintenanceAsync(bus, options.GroupRetention + options.RetentionTime);

        Assert.Empty(store.Open().Offsets);
        Assert.DoesNotContain(0, Offsets(bus));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_of_a_steady_working_set_stays_bounded_though_it_is_written_without_a_pause(bool file)
    {
        using TemporaryFolder folder = new();
        ILogStore store = file ? new SqliteLogStore(new SqliteSettings { Folder = folder.Path, SurvivesPowerLoss = false }) : new MemoryLogStore();
        await using EmbeddedBus bus = new(store, options with { CompactionBytesMin = 100_000 }, time, NullLogger<EmbeddedBus>.Instance);
        TopicPartition place = new("state", 0);
        bus.EnsureTopics([new TopicSpec("state", Cleanup.Compact)]);
        using IBatchProducer producer = bus.OpenProducer("steady");

        // 10 keys of 10 kB each, 2000 times, always enough of them in the queue. Time stands still: nothing becomes due by the clock.
        Queue<Task> underWay = [];
        int recordsMax = 0;
        for (int i = 0; i < 2000; i++)
        {
            underWay.Enqueue(producer.WriteAsync([new OutgoingRecord(place, [(byte)(i % 10)], new byte[10_000])]));
            if (underWay.Count > 50) await underWay.Dequeue();
            if (i % 200 == 0) recordsMax = Math.Max(recordsMax, Offsets(bus, place).Count);
        }

        await Task.WhenAll(underWay);
        Assert.InRange(Math.Max(recordsMax, Offsets(bus, place).Count), 10, 300);
    }

    [Fact]
    public async Task Wal_file_stays_bounded_while_it_is_written_and_read_without_a_pause()
    {
        using TemporaryFolder folder = new();
        await using EmbeddedBus bus = Open(new SqliteLogStore(new SqliteSettings { Folder = folder.Path, SurvivesPowerLoss = false }));
        using IBatchProducer producer = bus.OpenProducer("steady");
        using IPartitionReader reader = bus.OpenReader([Place], StartAt.Beginning);

        // 96 MB, three times the bound. Time stands still: the idle checkpoint never comes.
        long walBytesMax = 0;
        for (int i = 0; i < 960; i++)
        {
            await producer.WriteAsync([new OutgoingRecord(Place, [1], new byte[100_000])]);
            reader.Poll(10, TimeSpan.Zero);
            walBytesMax = Math.Max(walBytesMax, new FileInfo(folder["bus.db-wal"]).Length);
        }

        Assert.InRange(walBytesMax, 1_000_000, SqliteSettings.WalBytesMax);
    }

    [Fact]
    public async Task Bus_closes_once_however_many_close_it_at_the_same_time()
    {
        BlockedStore store = new();
        EmbeddedBus bus = Open(store);
        using IBatchProducer producer = bus.OpenProducer("writer");
        store.Block();
        Task write = producer.WriteAsync([new OutgoingRecord(Place, [1], [1])]);

        Task[] closings = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await bus.DisposeAsync()))];
        Assert.All(closings, closing => Assert.False(closing.IsCompleted, "the bus closed though a write was under way"));
        store.Release();

        await Task.WhenAll(closings);
        await write;
        await bus.DisposeAsync();
        Assert.Equal(1, store.Disposals);
    }

    private static void Write(EmbeddedBus bus, byte value)
    {
        using ITransactionalProducer producer = bus.OpenTransactional("writer");
        producer.Commit([new OutgoingRecord(Place, [1], [value])], NoOffsets, null);
    }

    private static void CommitOffset(EmbeddedBus bus, long offset)
    {
        using IGroupConsumer member = bus.JoinGroup("group", "member", [Place.Topic], new DeafListener());
        using ITransactionalProducer producer = bus.OpenTransactional("reader");
        member.Poll(1, TimeSpan.Zero);
        producer.Commit([], new Dictionary<TopicPartition, long> { [Place] = offset }, member.Membership);
    }

    private static List<long> Offsets(EmbeddedBus bus, TopicPartition? of = null)
    {
        TopicPartition place = of ?? Place;
        using IPartitionReader reader = bus.OpenReader([place], StartAt.Beginning);
        List<long> offsets = [];
        while (reader.Position(place) < reader.EndOffset(place)) offsets.AddRange(reader.Poll(1000, TimeSpan.Zero).Select(r => r.Offset));
        return offsets;
    }

    /// <summary>Lets time pass, then waits for a whole round: it is over when a later one has trimmed a topic that nobody reads.</summary>
    private async Task RunMaintenanceAsync(EmbeddedBus bus, TimeSpan after)
    {
        TopicPartition sign = new("sign", 0);
        bus.EnsureTopics([new TopicSpec("sign", Cleanup.Delete)]);
        using ITransactionalProducer producer = bus.OpenTransactional("sign");
        time.Advance(after);
        for (int round = 0; round < 2; round++)
        {
            producer.Commit([new OutgoingRecord(sign, [1], [1])], NoOffsets, null);
            time.Advance(options.RetentionTime + TimeSpan.FromSeconds(1));
            await Eventually.True(() => Offsets(bus, sign).Count == 0, "a round of maintenance", () => time.Advance(options.MaintenanceInterval));
        }
    }

    private EmbeddedBus Open(ILogStore store)
    {
        EmbeddedBus bus = new(store, options, time, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec(Place.Topic, Cleanup.Delete)]);
        return bus;
    }
}
