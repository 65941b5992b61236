using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Moves the committed offsets of idle partitions over the control records behind the last event. Every transaction leaves one, which is never delivered; once
/// retention had deleted all of an idle partition, its group would stand before the first offset that is left, just as if it had lost events.
/// </summary>
internal sealed class IdleOffsets(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long last = time.GetTimestamp();

    /// <summary>To be called when there was nothing to read. Does something now and then.</summary>
    public void Pass(MemberClient client, MemberPartitions partitions)
    {
        if (time.GetElapsedTime(last) >= Interval)
        {
            last = time.GetTimestamp();
            Commit(client, partitions);
        }
    }

    /// <summary>Does it now.</summary>
    public static void Commit(MemberClient client, MemberPartitions partitions)
    {
        List<OwnedPartition> idle = [.. partitions.Owned.Where(static partition => partition.IsIdleBeforeItsEnd)];
        if (idle.Count == 0)
        {
            return;
        }

        // Otherwise another time will do.
        if (client.TryCommit(idle.ConvertAll(static p => new TopicPartitionOffset(p.Partition.ToClient(), p.End))))
        {
            idle.ForEach(static partition => partition.Committed = partition.End);
        }
    }
}
