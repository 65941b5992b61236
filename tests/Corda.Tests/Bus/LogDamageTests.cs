using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Bus;

/// <summary>One bit of the bus file is not what it was: SQLite does not notice, the bus must.</summary>
public sealed class LogDamageTests : IDisposable
{
    private const string Topic = "events";
    private static readonly TopicPartition Good = new(Topic, 1);
    private static readonly TopicPartition Bad = new(Topic, 0);
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Flipped_bit_is_refused_by_name_and_the_records_before_it_are_still_read(int bit)
    {
        await WriteAndFlipAsync("record-7", bit);
        await using EmbeddedBus bus = Open(Cleanup.Delete);
        using IPartitionReader reader = bus.OpenReader([Bad], StartAt.Beginning);

        List<string> read = [];
        MessagingFatalException damage = Assert.Throws<MessagingFatalException>(() =>
        {
            while (read.Count < 20) read.AddRange(reader.Poll(100, TimeSpan.Zero).Select(r => Encoding.UTF8.GetString(r.Value!)));
        });

        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"record-{i}"), read);
        Assert.Contains($"{Bad} is damaged from offset 7 on", damage.Message);
        Assert.Contains(folder["bus.db"], damage.Message);
        Assert.Contains("backup", damage.Message);
    }

    [Fact]
    public async Task Damaged_partition_leaves_the_others_alone()
    {
        await WriteAndFlipAsync("record-7", bit: 3);
        await using EmbeddedBus bus = Open(Cleanup.Delete);
        using IGroupConsumer member = bus.JoinGroup("group", "member", [Topic], new DeafListener());

        Commit(bus, Good, "written after the damage");
        Commit(bus, Bad, "written after the damage");
        List<ConsumedRecord> read = [];
        for (int i = 0; i < 10; i++) read.AddRange(member.Poll(100, TimeSpan.Zero));
        member.Rewind();
        for (int i = 0; i < 10; i++) read.AddRange(member.Poll(100, TimeSpan.Zero));

        Assert.Equal(2 * 7, read.Count(r => r.Partition == Bad));
        Assert.Equal(2 * 11, read.Count(r => r.Partition == Good));
    }

    [Fact]
    public async Task Maintenance_that_comes_upon_damage_leaves_that_partition_alone_and_goes_on_with_the_others()
    {
        await WriteAndFlipAsync("record-7", bit: 3, Cleanup.Compact);
        await using EmbeddedBus bus = Open(Cleanup.Compact);

        for (int i = 0; i < 20; i++)
        {
            Commit(bus, Bad, $"more-{i}", key: (byte)(100 + i));
            Commit(bus, Good, $"more-{i}");
        }

        for (int i = 0; Count(bus, Good) > 1; i++)
        {
            Assert.True(i < 2000, "lacked: compaction of the good partition");
            time.Advance(new EmbeddedBusOptions().MaintenanceInterval);
            await Task.Delay(1);
        }

        Commit(bus, Good, "and the bus still writes");
        Assert.InRange(Count(bus, Good), 1, 2);
    }

    [Fact]
    public void Row_in_the_place_of_another_is_refused()
    {
        byte[] row = RowCodec.Encode(5, [new ConsumedRecord(Good, 5, [1], [2], time.GetUtcNow())]);
        List<ConsumedRecord> read = [];

        RowCodec.Decode(5, row, Good, 0, 10, read);
        Assert.Single(read);
        Assert.Throws<InvalidDataException>(() => RowCodec.Decode(6, row, Good, 0, 10, read));
    }

    private static int Count(EmbeddedBus bus, TopicPartition partition)
    {
        using IPartitionReader reader = bus.OpenReader([partition], StartAt.Beginning);
        int count = 0;
        while (reader.Position(partition) < reader.EndOffset(partition)) count += reader.Poll(1000, TimeSpan.Zero).Count;
        return count;
    }

    private static void Commit(EmbeddedBus bus, TopicPartition partition, string value, byte key = 1)
    {
        using ITransactionalProducer producer = bus.OpenTransactional("writer");
        producer.Commit([new OutgoingRecord(partition, [key], Encoding.UTF8.GetBytes(value))], NoOffsets, null);
    }

    private async Task WriteAndFlipAsync(string value, int bit, Cleanup cleanup = Cleanup.Delete)
    {
        await using (EmbeddedBus bus = Open(cleanup))
        {
            for (int i = 0; i < 10; i++)
            {
                Commit(bus, Bad, $"record-{i}", key: (byte)i);
                Commit(bus, Good, $"other-{i}");
            }
        }

        byte[] bytes = await File.ReadAllBytesAsync(folder["bus.db"]);
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(value));
        Assert.True(at > 0, $"'{value}' is not in the file");
        bytes[at] ^= (byte)(1 << bit);
        await File.WriteAllBytesAsync(folder["bus.db"], bytes);
    }

    private EmbeddedBus Open(Cleanup cleanup)
    {
        EmbeddedBus bus = new(
            new SqliteLogStore(new SqliteSettings { Folder = folder.Path, SurvivesPowerLoss = false }),
            new EmbeddedBusOptions { CompactionBytesMin = 1, TailBytesMax = 0 },
            time,
            NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec(Topic, cleanup)]);
        return bus;
    }
}
