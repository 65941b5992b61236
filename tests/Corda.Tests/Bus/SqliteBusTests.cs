using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Bus;

/// <summary>What only a bus with a file can do: come back after a restart or a crash, run out of room, be damaged, be kept small.</summary>
public sealed class SqliteBusTests : IDisposable
{
    private const string Topic = "events";
    private const string StateTopic = "events.state";
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly EmbeddedBusOptions options = new() { CompactionBytesMin = 1, TailBytesMax = 0 };

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Everything_is_there_after_a_restart_and_offsets_go_on()
    {
        await using (EmbeddedBus bus = Open())
        {
            Commit(bus, "1");
            Commit(bus, "2");
            ConsumeAndCommit(bus, records: 1);
        }

        await using EmbeddedBus again = Open();
        Commit(again, "3");

        Assert.Equal(["1", "2", "3"], Values(again));
        Assert.Equal([0L, 1, 2], Read(again, Topic).Select(r => r.Offset));
        Assert.Equal(["2", "3"], ConsumeAndCommit(again, records: 2));
    }

    [Fact]
    public async Task What_was_acknowledged_is_in_the_files_at_that_moment()
    {
        using TemporaryFolder copy = new();
        await using EmbeddedBus bus = Open();
        for (int i = 0; i < 50; i++)
        {
            Commit(bus, $"{i}");
        }

        // As a crash leaves them: the file and its log, without the shared memory, in the middle of the work.
        foreach (string file in new[] { "bus.db", "bus.db-wal" })
        {
            File.Copy(folder[file], copy[file]);
        }

        Commit(bus, "after the crash");
        await using EmbeddedBus survivor = Open(new SqliteSettings { Folder = copy.Path });
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}"), Values(survivor));
    }

    [Fact]
    public async Task File_without_room_refuses_as_transient_loses_nothing_and_works_on_when_there_is_room()
    {
        SqliteSettings small = new() { Folder = folder.Path, FileBytesMax = 600_000 };
        List<string> acknowledged = [];
        await using (EmbeddedBus bus = Open(small))
        {
            MessagingTransientException refusal = FillUp(bus, acknowledged);
            Assert.Contains(small.File, refusal.Message);
            Assert.Contains("free disk space", refusal.Message);
            Assert.Equal(acknowledged, Values(bus).Select(v => v[..8]));
            Assert.Throws<MessagingTransientException>(() => Commit(bus, Big("refused")));

            // Room: what everybody has read and is old enough goes, and its pages are used again.
            time.Advance(options.RetentionTime + TimeSpan.FromSeconds(1));
            await Eventually(() => Read(bus, Topic).Count == 0, "retention to make room", () => time.Advance(options.MaintenanceInterval));
            Commit(bus, "afterwards");
            Assert.Equal(["afterwards"], Values(bus));
        }

        await using EmbeddedBus again = Open(small);
        Assert.Equal(["afterwards"], Values(again));
    }

    [TmpfsFact]
    public async Task Full_disk_refuses_as_transient_loses_nothing_and_works_on_when_there_is_room()
    {
        using Tmpfs disk = new(megabytes: 4);
        List<string> acknowledged = [];
        await using (EmbeddedBus bus = Open(new SqliteSettings { Folder = disk.Path }))
        {
            string ballast = Path.Combine(disk.Path, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[2_000_000]);

            Assert.Contains("free disk space", FillUp(bus, acknowledged).Message);
            Assert.Equal(acknowledged, Values(bus).Select(v => v[..8]));

            File.Delete(ballast);
            Commit(bus, "after");
            Assert.Equal([.. acknowledged, "after"], Values(bus).Select(v => v.Length > 8 ? v[..8] : v));
        }

        await using EmbeddedBus again = Open(new SqliteSettings { Folder = disk.Path });
        Assert.Equal([.. acknowledged, "after"], Values(again).Select(v => v.Length > 8 ? v[..8] : v));
    }

    [TmpfsFact]
    public async Task Read_only_disk_is_an_error_at_the_start_that_says_what_to_do()
    {
        using Tmpfs disk = new(megabytes: 16);
        SqliteSettings settings = new() { Folder = disk.Path };
        await using (EmbeddedBus bus = Open(settings))
        {
            Commit(bus, "before");
        }

        disk.MakeReadOnly();

        MessagingFatalException refused = Assert.Throws<MessagingFatalException>(() => Open(settings));
        Assert.Contains(settings.File, refused.Message);
        Assert.Contains("may be written", refused.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4096)]
    public async Task Damaged_file_is_a_fatal_error_that_names_it_and_says_what_to_do(int at)
    {
        await using (EmbeddedBus bus = Open())
        {
            for (int i = 0; i < 100; i++)
            {
                Commit(bus, Big($"{i}"));
            }
        }

        byte[] bytes = await File.ReadAllBytesAsync(folder["bus.db"]);
        Array.Fill(bytes, (byte)0xA5, at, at == 4096 ? bytes.Length - at : 100);
        await File.WriteAllBytesAsync(folder["bus.db"], bytes);

        MessagingFatalException fatal = await Assert.ThrowsAsync<MessagingFatalException>(async () =>
        {
            await using EmbeddedBus bus = Open();
            Read(bus, Topic);
        });
        Assert.Contains(folder["bus.db"], fatal.Message);
        Assert.Contains("backup", fatal.Message);
    }

    [Fact]
    public async Task Other_partition_count_than_the_files_is_a_fatal_error_that_explains_it()
    {
        await using (EmbeddedBus bus = Open())
        {
            Commit(bus, "1");
        }

        await using EmbeddedBus other = new(
            new SqliteLogStore(new SqliteSettings { Folder = folder.Path }), options with { PartitionCount = 4 }, time, NullLogger<EmbeddedBus>.Instance);
        MessagingFatalException mismatch = Assert.Throws<MessagingFatalException>(() => other.EnsureTopics([new TopicSpec(Topic, Cleanup.Delete)]));
        Assert.Contains("8 partitions", mismatch.Message);
        Assert.Contains("4 partitions", mismatch.Message);
    }

    [Fact]
    public async Task Retention_keeps_the_file_bounded_but_waits_for_the_slowest_group()
    {
        await using EmbeddedBus bus = Open();
        SlowGroupReaches(bus, 0);
        long sizeAfterFirst = 0;
        for (int round = 0; round < 10; round++)
        {
            for (int i = 0; i < 100; i++)
            {
                Commit(bus, Big($"{i}"));
            }

            time.Advance(options.RetentionTime + TimeSpan.FromHours(1));
            await SettleMaintenance(bus);
            Assert.Equal(100, Read(bus, Topic).Count);

            SlowGroupReaches(bus, (round + 1) * 100L);
            await Eventually(() => Read(bus, Topic).Count == 0, "retention of what the group has read", () => time.Advance(options.MaintenanceInterval));
            sizeAfterFirst = round == 0 ? new FileInfo(folder["bus.db"]).Length : sizeAfterFirst;
        }

        Assert.InRange(new FileInfo(folder["bus.db"]).Length, 0, (sizeAfterFirst * 2) + 200_000);
        Commit(bus, "next");
        Assert.Equal([1000L], Read(bus, Topic).Select(r => r.Offset));
    }

    [Fact]
    public async Task Compaction_leaves_one_record_a_key_and_tombstones_go_when_all_had_time_to_see_them()
    {
        await using (EmbeddedBus bus = Open())
        {
            // In one commit: so there is one pass, when all of it is there.
            CommitState(bus, [.. Enumerable.Range(0, 200).Select(i => ($"key{i % 10}", (string?)$"{i}")), ("key3", null)]);
            await Eventually(() => Read(bus, StateTopic).Count == 10, "one record a key", () => time.Advance(options.MaintenanceInterval));
            Assert.Null(Read(bus, StateTopic)[^1].Value);

            time.Advance(options.TombstoneRetention);
            await Eventually(() => Read(bus, StateTopic).Count == 9, "the tombstone to go", () => time.Advance(options.MaintenanceInterval));
            CommitState(bus, "key4", null);
            for (int i = 0; i < 10; i++)
            {
                CommitState(bus, $"key{i}", null);
            }

            time.Advance(options.TombstoneRetention * 2);
            await Eventually(() => Read(bus, StateTopic).Count == 0, "everything to go", () => time.Advance(options.MaintenanceInterval));
        }

        await using EmbeddedBus again = Open();
        CommitState(again, "key", "value");
        Assert.Equal([212L], Read(again, StateTopic).Select(r => r.Offset));
    }

    private static MessagingTransientException FillUp(EmbeddedBus bus, List<string> acknowledged)
    {
        for (int i = 0; i < 10_000; i++)
        {
            string value = $"{i:D8}";
            try
            {
                Commit(bus, Big(value));
                acknowledged.Add(value);
            }
            catch (MessagingTransientException refusal)
            {
                Assert.True(acknowledged.Count > 10, "the room did not suffice for a beginning");
                return refusal;
            }
        }

        throw new InvalidOperationException("the room did not end");
    }

    private static string Big(string value) => value.PadRight(8000, '.');

    private static void Commit(EmbeddedBus bus, string value)
    {
        using ITransactionalProducer producer = bus.OpenTransactional("writer");
        producer.Commit([new OutgoingRecord(new TopicPartition(Topic, 0), [1], Encoding.UTF8.GetBytes(value))], NoOffsets, null);
    }

    private static void CommitState(EmbeddedBus bus, string key, string? value) => CommitState(bus, [(key, value)]);

    private static void CommitState(EmbeddedBus bus, IEnumerable<(string Key, string? Value)> states)
    {
        using ITransactionalProducer producer = bus.OpenTransactional("writer");
        producer.Commit([.. states.Select(s => State(s.Key, s.Value))], NoOffsets, null);
    }

    private static OutgoingRecord State(string key, string? value) =>
        new(new TopicPartition(StateTopic, 0), Encoding.UTF8.GetBytes(key), value is null ? null : Encoding.UTF8.GetBytes(value));

    private static List<ConsumedRecord> Read(EmbeddedBus bus, string topic)
    {
        TopicPartition place = new(topic, 0);
        using IPartitionReader reader = bus.OpenReader([place], StartAt.Beginning);
        List<ConsumedRecord> records = [];
        while (reader.Position(place) < reader.EndOffset(place))
        {
            records.AddRange(reader.Poll(1000, TimeSpan.Zero));
        }

        return records;
    }

    private static List<string> Values(EmbeddedBus bus) => [.. Read(bus, Topic).Select(r => Encoding.UTF8.GetString(r.Value!))];

    private static List<string> ConsumeAndCommit(EmbeddedBus bus, int records)
    {
        using IGroupConsumer consumer = bus.JoinGroup("group", "member", [Topic], new DeafListener());
        using ITransactionalProducer producer = bus.OpenTransactional("consumer");
        IReadOnlyList<ConsumedRecord> read = consumer.Poll(records, TimeSpan.Zero);
        producer.Commit([], new Dictionary<TopicPartition, long> { [new(Topic, 0)] = read[^1].Offset + 1 }, consumer.Membership);
        return [.. read.Select(r => Encoding.UTF8.GetString(r.Value!))];
    }

    /// <summary>A member comes, commits and goes; its group is still known.</summary>
    private static void SlowGroupReaches(EmbeddedBus bus, long offset)
    {
        using IGroupConsumer member = bus.JoinGroup("slow", "member", [Topic], new DeafListener());
        using ITransactionalProducer producer = bus.OpenTransactional("slow");
        member.Poll(1, TimeSpan.Zero);
        producer.Commit([], new Dictionary<TopicPartition, long> { [new(Topic, 0)] = offset }, member.Membership);
    }

    private static async Task Eventually(Func<bool> condition, string lacked, Action meanwhile)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 2000, $"lacked: {lacked}");
            meanwhile();
            await Task.Delay(1);
        }
    }

    /// <summary>Gives maintenance several chances to do what it must not do.</summary>
    private async Task SettleMaintenance(EmbeddedBus bus)
    {
        for (int i = 0; i < 3; i++)
        {
            time.Advance(options.MaintenanceInterval);
            for (int commits = 0; commits < 5; commits++)
            {
                CommitState(bus, "tick", "tick");
                await Task.Yield();
            }
        }
    }

    private EmbeddedBus Open(SqliteSettings? settings = null)
    {
        EmbeddedBus bus = new(
            new SqliteLogStore(settings ?? new SqliteSettings { Folder = folder.Path, SurvivesPowerLoss = false }), options, time, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec(Topic, Cleanup.Delete), new TopicSpec(StateTopic, Cleanup.Compact)]);
        return bus;
    }
}
