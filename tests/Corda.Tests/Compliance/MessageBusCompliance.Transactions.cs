using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Compliance;

/// <summary>Writing: order, atomicity, fencing by transactional id.</summary>
public abstract partial class MessageBusCompliance
{
    [BusFact]
    public async Task Records_of_a_partition_keep_the_order_in_which_they_were_committed()
    {
        string topic = NewTopic();
        ITransactionalProducer producer = NewProducer();
        for (int i = 0; i < 20; i++)
        {
            producer.Commit([Out(topic, 0, "k", $"{i}.a"), Out(topic, 1, "k", $"{i}"), Out(topic, 0, "k", $"{i}.b")], NoOffsets, null);
        }

        List<ConsumedRecord> records = await ReadAll(PartitionsOf(topic));

        string[] expected = [.. Enumerable.Range(0, 20).SelectMany(i => new[] { $"{i}.a", $"{i}.b" })];
        Assert.Equal(expected, records.Where(r => r.Partition.Partition == 0).Select(r => Text(r.Value)));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), records.Where(r => r.Partition.Partition == 1).Select(r => Text(r.Value)));
        Assert.All(records.GroupBy(r => r.Partition), p => Assert.Equal(p.Select(r => r.Offset).Order().Distinct(), p.Select(r => r.Offset)));
    }

    [BusFact]
    public async Task Keys_values_and_tombstones_come_back_as_they_were_written()
    {
        string topic = NewTopic();
        byte[] everyByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        DateTimeOffset before = (await Timestamps(topic)).Single();
        await Write(
            new OutgoingRecord(new TopicPartition(topic, 2), everyByte, [.. everyByte.Reverse()]),
            new OutgoingRecord(new TopicPartition(topic, 2), [1], []),
            new OutgoingRecord(new TopicPartition(topic, 2), [2], null));

        List<ConsumedRecord> records = await ReadAll(new TopicPartition(topic, 2));

        Assert.Equal(3, records.Count);
        Assert.Equal(everyByte, records[0].Key);
        Assert.Equal(everyByte.Reverse(), records[0].Value);
        Assert.Empty(records[1].Value!);
        Assert.Null(records[2].Value);
        Assert.All(records, r => Assert.True(r.Timestamp >= before, "time went back"));
    }

    [BusFact]
    public async Task Transaction_over_many_topics_is_there_as_a_whole()
    {
        string[] topics = [NewTopic(), NewTopic(Cleanup.Compact), NewTopic()];
        ITransactionalProducer producer = NewProducer();

        producer.Commit([.. topics.SelectMany((t, i) => new[] { Out(t, i, "k", "x"), Out(t, i + 1, "k", "y") })], NoOffsets, null);

        foreach (string topic in topics)
        {
            Assert.Equal(["x", "y"], (await ReadAll(PartitionsOf(topic))).Select(r => Text(r.Value)).Order());
        }
    }

    [BusFact]
    public async Task Refused_record_leaves_nothing_of_its_transaction_and_names_topic_size_and_limit()
    {
        string topic = NewTopic();
        OutgoingRecord tooLarge = new(new TopicPartition(topic, 0), [1], new byte[TooManyBytes]);
        ITransactionalProducer producer = NewProducer();

        RecordRefusedException refused = Assert.Throws<RecordRefusedException>(
            () => producer.Commit([Out(topic, 0, "k", "small"), tooLarge], NoOffsets, null));
        await Assert.ThrowsAsync<RecordRefusedException>(() => Write(Out(topic, 0, "k", "small"), tooLarge));

        Assert.Contains(topic, refused.Message);
        Assert.Contains($"{TooManyBytes + 1}", refused.Message);
        producer.Commit([Out(topic, 0, "k", "later")], NoOffsets, null);
        Assert.Equal(["later"], (await ReadAll(PartitionsOf(topic))).Select(r => Text(r.Value)));
    }

    [BusFact]
    public async Task Opening_a_transactional_id_fences_its_former_holder_and_leaves_nothing_of_it()
    {
        string topic = NewTopic();
        string id = Unique("tx");
        ITransactionalProducer old = NewProducer(id);
        old.Commit([Out(topic, 0, "k", "old")], NoOffsets, null);

        ITransactionalProducer young = NewProducer(id);

        Assert.Throws<MessagingFencedException>(() => old.Commit([Out(topic, 0, "k", "zombie")], NoOffsets, null));
        Assert.Throws<MessagingFencedException>(() => old.Commit([Out(topic, 0, "k", "zombie")], NoOffsets, null));
        young.Commit([Out(topic, 0, "k", "young")], NoOffsets, null);
        Assert.Equal(["old", "young"], (await ReadAll(PartitionsOf(topic))).Select(r => Text(r.Value)));
    }

    [BusFact]
    public async Task After_the_opening_of_a_transactional_id_nothing_of_a_former_holder_can_appear()
    {
        string topic = NewTopic();
        string id = Unique("tx");
        for (int round = 0; round < 8; round++)
        {
            ITransactionalProducer old = NewProducer(id);
            Task zombie = Task.Run(() => Xunit.Record.Exception(() =>
            {
                for (int i = 0; i < 1000; i++)
                {
                    old.Commit([Out(topic, 0, "k", "x")], NoOffsets, null);
                }
            }));
            await Eventually(() => EndOf(topic, 0) > round, () => "the former holder wrote nothing");

            using ITransactionalProducer young = Bus.OpenTransactional(id);
            long end = (await ReadAll(new TopicPartition(topic, 0))).Count;
            await zombie.WaitAsync(Patience);

            Assert.Equal(end, (await ReadAll(new TopicPartition(topic, 0))).Count);
        }
    }

    [BusFact]
    public async Task Different_transactional_ids_do_not_disturb_each_other()
    {
        string topic = NewTopic();
        ITransactionalProducer one = NewProducer();
        ITransactionalProducer two = NewProducer();

        one.Commit([Out(topic, 0, "k", "1")], NoOffsets, null);
        two.Commit([Out(topic, 0, "k", "2")], NoOffsets, null);
        one.Commit([Out(topic, 0, "k", "3")], NoOffsets, null);

        Assert.Equal(["1", "2", "3"], (await ReadAll(PartitionsOf(topic))).Select(r => Text(r.Value)));
    }

    [BusFact]
    public async Task Many_producers_at_once_lose_nothing_and_keep_the_order_of_each()
    {
        const int Producers = 8;
        const int Transactions = 50;
        string topic = NewTopic();
        int partitions = Bus.PartitionCount(topic);

        await Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => Task.Run(async () =>
        {
            using ITransactionalProducer transactional = Bus.OpenTransactional(Unique("tx") + producer);
            using IBatchProducer batches = Bus.OpenProducer(Unique("client") + producer);
            for (int i = 0; i < Transactions; i++)
            {
                OutgoingRecord[] records = [.. Enumerable.Range(0, partitions).Select(p => Out(topic, p, $"{producer}", $"{i}"))];
                if (producer % 2 == 0)
                {
                    transactional.Commit(records, NoOffsets, null);
                }
                else
                {
                    await batches.WriteAsync(records);
                }
            }
        }))).WaitAsync(Patience);

        foreach (IGrouping<TopicPartition, ConsumedRecord> partition in (await ReadAll(PartitionsOf(topic))).GroupBy(r => r.Partition))
        {
            Assert.Equal(Producers * Transactions, partition.Count());
            Assert.All(
                partition.GroupBy(r => Text(r.Key)),
                p => Assert.Equal(Enumerable.Range(0, Transactions).Select(i => $"{i}"), p.Select(r => Text(r.Value))));
        }
    }

    [BusFact]
    public void Topics_can_be_ensured_again_but_not_with_another_cleanup()
    {
        string topic = NewTopic();

        Bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);

        MessagingFatalException mismatch = Assert.Throws<MessagingFatalException>(() => Bus.EnsureTopics([new TopicSpec(topic, Cleanup.Compact)]));
        Assert.Contains(topic, mismatch.Message);
        Assert.True(Bus.PartitionCount(topic) > 1);
    }

    [BusFact]
    public void Topic_that_nobody_declared_is_a_fatal_error_that_names_it()
    {
        string unknown = Unique("unknown");

        Assert.Contains(unknown, Assert.Throws<MessagingFatalException>(() => Bus.PartitionCount(unknown)).Message);
    }

    private async Task<IEnumerable<DateTimeOffset>> Timestamps(string topic)
    {
        await Write(Out(topic, 0, "k", "v"));
        return (await ReadAll(PartitionsOf(topic))).Select(r => r.Timestamp);
    }

    private long EndOf(string topic, int partition)
    {
        TopicPartition place = new(topic, partition);
        using IPartitionReader reader = Bus.OpenReader([place], StartAt.End);
        return reader.EndOffset(place);
    }
}
