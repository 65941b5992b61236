using System.Collections.Concurrent;
using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>Reads states as something else than what is written.</summary>
internal class RestoringBus(IMessageBus inner, Func<ConsumedRecord, ConsumedRecord> change) : BusOver(inner)
{
    public override IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        new Reader(base.OpenReader(partitions, startAt, pace), change);

    private sealed class Reader(IPartitionReader inner, Func<ConsumedRecord, ConsumedRecord> change) : ReaderOver(inner)
    {
        public override IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait) => [.. base.Poll(recordsMax, wait).Select(change)];
    }
}

/// <summary>States say that they contain nothing, and what was committed since a partition was assigned is not: so it is read again, and taken for new.</summary>
internal sealed class DedupOffBus(IMessageBus inner) : RestoringBus(inner, static record => StateRecords.Change(record, static state => state with { LastOffset = -1 }))
{
    private readonly ConcurrentDictionary<TopicPartition, long> first = new();

    // An offset is committed one batch late: whoever takes over reads the last batch once more.
    public override ITransactionalProducer OpenTransactional(string transactionalId) => new ProducerOver(
        base.OpenTransactional(transactionalId),
        (producer, records, consumed, membership) =>
        {
            Dictionary<TopicPartition, long> late = consumed.ToDictionary(one => one.Key, one => first.TryGetValue(one.Key, out long before) ? Math.Min(before, one.Value) : one.Value);
            producer.Commit(records, late, membership);
            foreach ((TopicPartition partition, long position) in consumed) first[partition] = position;
        });
}

/// <summary>Takes the beginning of a state partition for its end.</summary>
internal sealed class RestoreUnreadBus(IMessageBus inner) : BusOver(inner)
{
    public override IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        new Reader(base.OpenReader(partitions, startAt, pace));

    private sealed class Reader(IPartitionReader inner) : ReaderOver(inner)
    {
        public override long EndOffset(TopicPartition partition) => StateRecords.IsState(partition) ? 0 : base.EndOffset(partition);
    }
}

/// <summary>Reads a state partition once, and remembers it for every later time.</summary>
internal sealed class OldEpochBus(IMessageBus inner) : BusOver(inner)
{
    private readonly ConcurrentDictionary<TopicPartition, List<ConsumedRecord>> remembered = new();

    public override IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        partitions.Count == 0 ? new Reader(base.OpenReader(partitions, startAt, pace), remembered) : base.OpenReader(partitions, startAt, pace);

    private sealed class Reader(IPartitionReader inner, ConcurrentDictionary<TopicPartition, List<ConsumedRecord>> remembered) : ReaderOver(inner)
    {
        private readonly HashSet<TopicPartition> old = [];
        private readonly List<ConsumedRecord> toTell = [];

        public override void Add(TopicPartition partition, long from)
        {
            base.Add(partition, from);
            if (remembered.TryGetValue(partition, out List<ConsumedRecord>? kept) && old.Add(partition)) toTell.AddRange(kept);
        }

        public override void Remove(TopicPartition partition)
        {
            base.Remove(partition);
            old.Remove(partition);
        }

        public override IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            ConsumedRecord[] fresh = [.. base.Poll(recordsMax, wait).Where(record => !old.Contains(record.Partition))];
            foreach (ConsumedRecord record in fresh) remembered.GetOrAdd(record.Partition, static _ => []).Add(record);
            ConsumedRecord[] told = [.. toTell, .. fresh];
            toTell.Clear();
            return told;
        }
    }
}
