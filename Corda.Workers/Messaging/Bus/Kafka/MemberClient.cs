using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>The client of a group's member and its questions for offsets: they begin and end together. Used by the polling thread.</summary>
internal sealed class MemberClient(IConsumer<byte[], byte[]> consumer, string group, KafkaClients clients, TimeProvider time)
{
    // The member does not poll meanwhile; what takes longer is asked for again.
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CommitPatience = TimeSpan.FromMilliseconds(500);

    private readonly OffsetLookup lookup = new(consumer, group, clients, time);
    private Task<bool> committing = Task.FromResult(true);

    public IConsumer<byte[], byte[]> Consumer => consumer;

    public OffsetLookup Lookup => lookup;

    /// <summary>
    /// What <see cref="TryCommit"/> has not waited for is still under way: it may reach the group at any time, and would take back whatever was committed before it.
    /// </summary>
    public bool IsCommitting => !committing.IsCompleted;

    /// <summary>Sends the client to the positions of those that it is to fetch and does not. With which it has not begun yet it is sent another time.</summary>
    public void SendToPositions(IEnumerable<OwnedPartition> partitions)
    {
        foreach (OwnedPartition partition in partitions.Where(static partition => !partition.Fetching && !partition.Paused))
        {
            Send(partition);
        }
    }

    /// <summary>Fetches no more of them.</summary>
    public void Pause(IEnumerable<Confluent.Kafka.TopicPartition> partitions)
    {
        try
        {
            consumer.Pause(partitions);
        }
        catch (TopicPartitionException)
        {
            // The client has not begun with one of them yet. What it fetches is dropped, as its position is not set.
        }
    }

    /// <summary>The committed offsets; null where the group has none.</summary>
    /// <exception cref="MessagingTransientException">They cannot be had for now.</exception>
    public Dictionary<TopicPartition, long?> Committed(IReadOnlyCollection<TopicPartition> partitions)
    {
        try
        {
            return OffsetLookup.Committed(consumer, partitions, AskPatience);
        }
        catch (KafkaException cause)
        {
            throw new MessagingTransientException(
                $"the committed offsets of group '{group}' cannot be read: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
        }
    }

    /// <summary>Commits offsets that belong to no transaction. The client knows no bound for it, and a coordinator may be silent: it is waited for only a moment.</summary>
    /// <returns>Whether they are committed; otherwise nobody knows, and it may be done again.</returns>
    public bool TryCommit(IReadOnlyList<TopicPartitionOffset> offsets)
    {
        if (!committing.IsCompleted)
        {
            return false;
        }

        committing = OwnThread.Run(() => Commit(offsets));
        return committing.Wait(CommitPatience) && committing.Result;
    }

    /// <summary>Leaves the group, in the background.</summary>
    public Task LeaveAsync() => clients.CloseAsync(() =>
    {
        try
        {
            committing.Wait();
            lookup.Stop();
            consumer.Close();
        }
        finally
        {
            // A client that has failed for good refuses to leave, and would keep its threads and connections.
            consumer.Dispose();
        }
    });

    private void Send(OwnedPartition partition)
    {
        try
        {
            if (partition.GivenUp)
            {
                consumer.IncrementalUnassign([partition.AtPosition.TopicPartition]);
                consumer.IncrementalAssign([partition.AtPosition]);
                partition.GivenUp = false;
            }
            else
            {
                consumer.Seek(partition.AtPosition);
            }

            if (partition.ClientPaused)
            {
                // Only after it was sent: left to itself the client goes on where it had fetched to, not where we had read to.
                consumer.Resume([partition.AtPosition.TopicPartition]);
                partition.ClientPaused = false;
            }

            partition.BeginFetching();
        }
        catch (KafkaException)
        {
            // The client has not begun with the partition yet (its leader may be unknown).
        }
    }

    private bool Commit(IReadOnlyList<TopicPartitionOffset> offsets)
    {
        try
        {
            consumer.Commit(offsets);
            return true;
        }
        catch (KafkaException)
        {
            // The group is on the move, or the broker is away.
            return false;
        }
    }
}
