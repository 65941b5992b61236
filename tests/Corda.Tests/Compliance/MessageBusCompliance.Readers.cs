using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Compliance;

/// <summary>Reading outside of groups, and compaction.</summary>
public abstract partial class MessageBusCompliance
{
    [BusFact]
    public async Task Reader_from_the_beginning_sees_all_and_then_what_comes()
    {
        string topic = NewTopic();
        TopicPartition place = new(topic, 0);
        await Write(Out(topic, 0, "k", "1"), Out(topic, 1, "k", "not asked for"));
        using IPartitionReader reader = Bus.OpenReader([place], StartAt.Beginning);
        List<string> seen = [];

        await Eventually(() => seen.Count == 1, () => "the first record", () => Collect(reader, seen));
        await Write(Out(topic, 0, "k", "2"));
        await Eventually(() => seen.Count == 2, () => "the second record", () => Collect(reader, seen));

        Assert.Equal(["1", "2"], seen);
    }

    [BusFact]
    public async Task Reader_from_the_end_sees_only_what_comes()
    {
        string topic = NewTopic();
        TopicPartition place = new(topic, 0);
        await Write(Out(topic, 0, "k", "before"));
        using IPartitionReader reader = Bus.OpenReader([place], StartAt.End);
        Assert.Equal(reader.EndOffset(place), reader.Position(place));
        List<string> seen = [];

        await Write(Out(topic, 0, "k", "after"));
        await Eventually(() => seen.Count == 1, () => "the record written later", () => Collect(reader, seen));

        Assert.Equal(["after"], seen);
    }

    [BusFact]
    public async Task Reading_to_the_end_offset_sees_every_record_committed_before_it_was_asked_for()
    {
        string topic = NewTopic(Cleanup.Compact);
        ITransactionalProducer producer = NewProducer();
        for (int i = 0; i < 30; i++)
        {
            producer.Commit([Out(topic, 0, "k", $"{i}")], NoOffsets, null);
            Assert.Equal($"{i}", Text((await ReadAll(new TopicPartition(topic, 0)))[^1].Value));
        }
    }

    [BusFact]
    public async Task Reader_takes_on_a_partition_from_an_offset_and_lets_go_of_another()
    {
        string topic = NewTopic();
        (TopicPartition first, TopicPartition second) = (new(topic, 0), new(topic, 1));
        await Write(Out(topic, 0, "k", "a0"), Out(topic, 1, "k", "b0"));
        long from = Bus.OffsetsOf(second).End;
        await Write(Out(topic, 1, "k", "b1"));
        using IPartitionReader reader = Bus.OpenReader([first], StartAt.Beginning);
        List<string> seen = [];
        await Eventually(() => seen.Count == 1, () => "the first partition's record", () => Collect(reader, seen));

        reader.Add(second, from);
        await Eventually(() => seen.Count == 2, () => "the second partition's record from the offset on", () => Collect(reader, seen));
        reader.Remove(first);
        await Write(Out(topic, 0, "k", "a1"));
        await Write(Out(topic, 1, "k", "b2"));
        await Eventually(() => seen.Count >= 3, () => "what came to the second partition", () => Collect(reader, seen));
        reader.Add(first, 0);
        await Eventually(() => seen.Count >= 5, () => "the first partition once more", () => Collect(reader, seen));

        Assert.Equal(["a0", "b1", "b2", "a0", "a1"], seen);
    }

    [BusFact]
    public async Task Reader_without_partitions_waits_for_some()
    {
        string topic = NewTopic();
        using IPartitionReader reader = Bus.OpenReader([], StartAt.Beginning);
        List<string> seen = [];
        await Write(Out(topic, 0, "k", "1"));

        reader.Add(new TopicPartition(topic, 0), 0);
        await Eventually(() => seen.Count == 1, () => "the record", () => Collect(reader, seen));
    }

    [BusFact]
    public async Task Thrifty_reader_comes_to_the_end_of_the_little_there_is()
    {
        string topic = NewTopic();
        TopicPartition place = new(topic, 0);
        using IPartitionReader reader = Bus.OpenReader([], StartAt.Beginning, ReaderPace.Thrifty);
        reader.Add(place, 0);
        List<string> seen = [];

        await Write(Out(topic, 0, "k", "1"));
        long end = reader.EndOffset(place);
        await Eventually(() => reader.Position(place) >= end, () => $"at {reader.Position(place)} of {end}", () => Collect(reader, seen));

        Assert.Equal(["1"], seen);
    }

    [BusFact]
    public async Task Offsets_of_a_partition_enclose_what_is_committed()
    {
        string topic = NewTopic();
        TopicPartition place = new(topic, 0);
        Assert.Equal(Bus.OffsetsOf(place).Begin, Bus.OffsetsOf(place).End);

        await Write(Out(topic, 0, "k", "1"));
        List<ConsumedRecord> read = await ReadAll(place);

        Assert.InRange(read[0].Offset, Bus.OffsetsOf(place).Begin, Bus.OffsetsOf(place).End - 1);
    }

    [BusFact]
    public void Every_topic_has_an_identity_of_its_own_that_lasts()
    {
        (string one, string other) = (NewTopic(), NewTopic());

        Assert.Equal(Bus.TopicIdentity(one), Bus.TopicIdentity(one));
        Assert.NotEqual(Bus.TopicIdentity(one), Bus.TopicIdentity(other));
    }

    [BusFact]
    public async Task Empty_partition_is_at_its_end_at_once()
    {
        string topic = NewTopic();

        Assert.Empty(await ReadAll(PartitionsOf(topic)));
    }

    [BusFact]
    public async Task Wakeup_ends_a_waiting_reader_and_a_new_record_does_too()
    {
        string topic = NewTopic();
        using IPartitionReader reader = Bus.OpenReader([.. PartitionsOf(topic)], StartAt.End);

        Task<IReadOnlyList<ConsumedRecord>> poll = Task.Run(() => reader.Poll(10, TimeSpan.FromHours(1)));
        reader.Wakeup();
        Assert.Empty(await poll.WaitAsync(Patience));

        poll = Task.Run(() => reader.Poll(10, TimeSpan.FromHours(1)));
        await Write(Out(topic, 2, "k", "v"));
        Assert.Equal("v", Text(Assert.Single(await poll.WaitAsync(Patience)).Value));
    }

    [BusFact]
    public async Task Compaction_keeps_the_newest_value_of_every_key_in_order_and_readers_reach_the_end()
    {
        string topic = NewTopic(Cleanup.Compact);
        Dictionary<string, string?> expected = [];
        Random random = new(4711);
        for (int round = 0; round < 5; round++)
        {
            List<OutgoingRecord> records = [];
            for (int i = 0; i < 200; i++)
            {
                string key = $"key{random.Next(40)}";
                string? value = random.Next(5) == 0 ? null : $"{round}.{i}";
                expected[key] = value;
                records.Add(Out(topic, key.Length % 2, key, value));
            }

            await Write([.. records]);
            await Compact(topic);

            List<ConsumedRecord> left = await ReadAll(PartitionsOf(topic));
            Dictionary<string, string?> state = [];
            left.ForEach(r => state[Text(r.Key)] = r.Value is null ? null : Text(r.Value));
            Assert.Equal(Live(expected), Live(state));
            Assert.All(left.GroupBy(r => r.Partition), p => Assert.Equal(p.Select(r => r.Offset).Order().Distinct(), p.Select(r => r.Offset)));
        }
    }

    private static void Collect(IPartitionReader reader, List<string> seen) =>
        seen.AddRange(reader.Poll(10, TimeSpan.Zero).Select(r => Text(r.Value)));

    private static SortedDictionary<string, string?> Live(Dictionary<string, string?> state) =>
        new(state.Where(s => s.Value is not null).ToDictionary(s => s.Key, s => s.Value), StringComparer.Ordinal);
}
