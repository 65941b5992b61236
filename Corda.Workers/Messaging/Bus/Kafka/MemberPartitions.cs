using System.Collections.Frozen;
using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// The partitions of a group's member: those that arrive (the client has them, their committed offset is not known) and those that are owned (the listener
/// was told). Changed by the polling thread only; <see cref="IsArriving"/> and <see cref="Epochs"/> from any.
/// </summary>
internal sealed class MemberPartitions
{
    private static long lastEpoch;

    private readonly Dictionary<TopicPartition, OwnedPartition> owned = [];
    private volatile FrozenDictionary<TopicPartition, OwnedPartition> arriving = FrozenDictionary<TopicPartition, OwnedPartition>.Empty;
    private volatile FrozenDictionary<TopicPartition, long> epochs = FrozenDictionary<TopicPartition, long>.Empty;

    /// <summary>What is owned.</summary>
    public IReadOnlyCollection<OwnedPartition> Owned => owned.Values;

    /// <summary>What is owned, by name.</summary>
    public List<TopicPartition> Names => [.. owned.Keys];

    /// <summary>Which ownership of each partition this is: a partition that has left and come back has another.</summary>
    public FrozenDictionary<TopicPartition, long> Epochs => epochs;

    /// <summary>Something of the client: false where it is of no use, because the partition is not owned or the client has not been sent to its position.</summary>
    public bool TryTake(ConsumeResult<byte[], byte[]> result)
    {
        if (Find(result.TopicPartition.FromClient()) is not { Fetching: true } partition || result.Offset.Value < partition.Taken)
        {
            return false;
        }

        if (result.IsPartitionEOF)
        {
            partition.ComeToEnd(result.Offset.Value);
            return false;
        }

        partition.Take(result.Offset.Value);
        return true;
    }

    /// <summary>Hands out what was taken, but what belongs to a partition that was revoked meanwhile: that is another's to read.</summary>
    public List<ConsumedRecord> Deliver(List<ConsumedRecord> records)
    {
        records.RemoveAll(record => !IsOwned(record.Partition));
        foreach (ConsumedRecord record in records)
        {
            owned[record.Partition].Position = record.Offset + 1;
        }

        return records;
    }

    /// <inheritdoc cref="IMembershipHolder.Forward"/>
    public IReadOnlyDictionary<TopicPartition, long> Forward(IReadOnlyDictionary<TopicPartition, long> offsets) =>
        offsets.ToDictionary(static offset => offset.Key, offset => Math.Max(offset.Value, Find(offset.Key)?.Committed ?? 0));

    /// <summary>These offsets have been committed.</summary>
    public void Commit(IReadOnlyDictionary<TopicPartition, long> offsets)
    {
        foreach ((TopicPartition partition, long offset) in offsets)
        {
            if (Find(partition) is { } own) own.Committed = offset;
        }
    }

    public OwnedPartition? Find(TopicPartition partition) => owned.GetValueOrDefault(partition);

    /// <summary>Owned, or arriving.</summary>
    public OwnedPartition? FindHeld(TopicPartition partition) => Find(partition) ?? arriving.GetValueOrDefault(partition);

    public bool IsOwned(TopicPartition partition) => owned.ContainsKey(partition);

    public bool IsArriving(OwnedPartition partition) => arriving.GetValueOrDefault(partition.Partition) == partition;

    /// <summary>The client has them now.</summary>
    public List<OwnedPartition> Arrive(IEnumerable<TopicPartition> partitions)
    {
        List<OwnedPartition> added = [.. partitions.Select(static partition => new OwnedPartition(partition, Interlocked.Increment(ref lastEpoch)))];
        arriving = arriving.Values.Concat(added).ToFrozenDictionary(static p => p.Partition);
        return added;
    }

    /// <summary>They are owned from now on.</summary>
    public void Own(IReadOnlyList<OwnedPartition> partitions)
    {
        foreach (OwnedPartition partition in partitions)
        {
            owned.Add(partition.Partition, partition);
        }

        arriving = arriving.Where(p => !owned.ContainsKey(p.Key)).ToFrozenDictionary();
        RememberEpochs();
    }

    /// <summary>They are gone, arriving or owned.</summary>
    public void Forget(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
        {
            owned.Remove(partition);
        }

        arriving = arriving.Where(p => !partitions.Contains(p.Key)).ToFrozenDictionary();
        RememberEpochs();
    }

    /// <summary>All of them are gone.</summary>
    public void ForgetAll() => Forget([.. owned.Keys, .. arriving.Keys]);

    private void RememberEpochs() => epochs = owned.ToFrozenDictionary(static p => p.Key, static p => p.Value.Epoch);
}
