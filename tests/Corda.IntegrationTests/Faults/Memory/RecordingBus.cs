using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Memory;

/// <summary>Directly over the bus: keeps every record that was really committed, in the order of the commits, with who wrote it; and how far the group has come.</summary>
internal sealed class RecordingBus(IMessageBus inner) : BusOver(inner)
{
    private readonly Lock gate = new();
    private readonly List<LogRecord> records = [];
    private readonly Dictionary<TopicPartition, long> ends = [];
    private readonly Dictionary<(string Group, TopicPartition Partition), long> consumed = [];
    private int producers;

    public CommittedRecords Committed
    {
        get
        {
            lock (gate) return new CommittedRecords([.. records]);
        }
    }

    /// <summary>Events of each partition that the group has not committed as read, by the records that were written.</summary>
    public IReadOnlyDictionary<TopicPartition, long> Lag(string group, string topic)
    {
        Dictionary<TopicPartition, long> read = [];
        lock (gate)
        {
            foreach (((string of, TopicPartition partition), long position) in consumed.Where(one => one.Key.Group == group)) read[partition] = position;
        }

        TopicPartition[] partitions = [.. Enumerable.Range(0, PartitionCount(topic)).Select(number => new TopicPartition(topic, number))];
        using IPartitionReader reader = Inner.OpenReader(partitions, StartAt.End);
        return partitions.ToDictionary(partition => partition, partition => reader.EndOffset(partition) - read.GetValueOrDefault(partition));
    }

    public override ITransactionalProducer OpenTransactional(string transactionalId)
    {
        string writer = $"{transactionalId}#{Interlocked.Increment(ref producers)}";
        return new ProducerOver(
            base.OpenTransactional(transactionalId),
            (producer, written, read, membership) => CommitAndKeep(writer, written, read, membership, () => producer.Commit(written, read, membership)));
    }

    public override IBatchProducer OpenProducer(string clientId) => new Batches(this, base.OpenProducer(clientId), $"{clientId}#{Interlocked.Increment(ref producers)}");

    // The lock is held over commit and keeping: else the next owner of a partition could commit, and be kept, in between.
    private void CommitAndKeep(
        string writer, IReadOnlyList<OutgoingRecord> written, IReadOnlyDictionary<TopicPartition, long> read, GroupMembership? membership, Action commit)
    {
        lock (gate)
        {
            commit();
            foreach (OutgoingRecord record in written)
            {
                long offset = ends.GetValueOrDefault(record.Partition);
                ends[record.Partition] = offset + 1;
                records.Add(new LogRecord(record.Partition, offset, record.Key, record.Value, writer));
            }

            foreach ((TopicPartition partition, long position) in read) consumed[(membership!.Group, partition)] = position;
        }
    }

    private sealed class Batches(RecordingBus owner, IBatchProducer inner, string writer) : IBatchProducer
    {
        public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
        {
            owner.CommitAndKeep(writer, records, new Dictionary<TopicPartition, long>(), membership: null, () => inner.WriteAsync(records).GetAwaiter().GetResult());
            return Task.CompletedTask;
        }

        public void Dispose() => inner.Dispose();
    }
}
