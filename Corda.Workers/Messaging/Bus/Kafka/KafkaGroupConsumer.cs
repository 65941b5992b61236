using System.Collections.Frozen;
using Confluent.Kafka;
using Partition = Confluent.Kafka.TopicPartition;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <inheritdoc cref="IGroupConsumer"/>
/// <remarks>
/// <para>A partition goes through: assigned by the client -> its committed offset is known (<see cref="OffsetLookup"/>) -> told to the listener -> fetched.
/// It is told only when its offset is known and stable: whoever restores states from then on sees all that former owners have committed.</para>
/// <para>Whoever rewinds, resumes or begins sends the client to an explicit offset. What the client has fetched ahead of that never counts: the client drops
/// it, and what it delivers for a partition that has not been sent yet is dropped here.</para>
/// <para>The client's handlers run within its calls, on the polling thread. Exceptions of listeners must not pass through the client, which would give up
/// the whole assignment; they are kept and thrown when its call has returned.</para>
/// </remarks>
internal sealed class KafkaGroupConsumer(
    string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener, KafkaClients clients, KafkaWatermarks watermarks,
    TimeProvider time) : IGroupConsumer
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);
    private static long lastEpoch;

    private readonly Dictionary<TopicPartition, OwnedPartition> owned = [];
    private volatile FrozenDictionary<TopicPartition, long> epochs = FrozenDictionary<TopicPartition, long>.Empty;
    private volatile FrozenDictionary<TopicPartition, OwnedPartition> arriving = FrozenDictionary<TopicPartition, OwnedPartition>.Empty;
    private volatile IConsumer<byte[], byte[]>? client;
    private OffsetLookup? lookup;
    private string? evicted;
    private Exception? listenerFailure;
    private volatile bool wakeup;
    private volatile bool disposed;

    /// <inheritdoc/>
    public IReadOnlyCollection<TopicPartition> Assignment => [.. owned.Keys];

    /// <inheritdoc/>
    public GroupMembership Membership => !disposed && client is { } member
        ? KafkaMembership.Of(member.ConsumerGroupMetadata, epochs, () => epochs)
        : new GroupMembership(group, "", -1);

    /// <inheritdoc/>
    public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        long start = time.GetTimestamp();
        List<ConsumedRecord> records = [];
        while (true)
        {
            if (client is null)
            {
                Join();
            }

            BeginFoundPartitions();
            SendToPositions();
            TimeSpan left = wait - time.GetElapsedTime(start);
            Take(records, recordsMax, PollSlice.Of(left));
            ThrowWhatHappened(records);
            if (records.Count > 0 || wakeup || left <= TimeSpan.Zero)
            {
                wakeup = false;
                return Deliver(records);
            }
        }
    }

    /// <inheritdoc/>
    public long Position(TopicPartition partition) => Owned(partition).Position;

    /// <inheritdoc/>
    public void Pause(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (OwnedPartition partition in partitions.Select(Owned))
        {
            partition.Paused = true;
            partition.Fetching = false;
            partition.ClientPaused = true;
        }

        client!.Pause(partitions.Select(ToClient));
    }

    /// <inheritdoc/>
    public void Resume(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (OwnedPartition partition in partitions.Select(Owned))
        {
            partition.Paused = false;
        }

        SendToPositions();
    }

    /// <inheritdoc/>
    /// <exception cref="MessagingTransientException">The committed offsets cannot be had for now; nothing has changed.</exception>
    public void Rewind()
    {
        if (client is null || owned.Count == 0)
        {
            return;
        }

        Dictionary<TopicPartition, long?> committed;
        try
        {
            committed = OffsetLookup.Committed(client, owned.Keys, KafkaSettings.CallTimeout);
        }
        catch (KafkaException cause)
        {
            throw new MessagingTransientException(
                $"the committed offsets of group '{group}' cannot be read: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
        }

        foreach (OwnedPartition partition in owned.Values)
        {
            partition.MoveTo(committed[partition.Partition] ?? throw OffsetLost(partition.Partition, "it is gone from the group"));
        }

        SendToPositions();
    }

    /// <inheritdoc/>
    public void Wakeup() => wakeup = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        try
        {
            TellOfTheEnd();
        }
        finally
        {
            disposed = true;
            Forget([.. owned.Keys]);
            Leave();
        }
    }

    private bool IsMember => Membership is KafkaMembership { IsProof: true };

    private static Partition ToClient(TopicPartition partition) => new(partition.Topic, partition.Partition);

    private static TopicPartition FromClient(Partition partition) => new(partition.Topic, partition.Partition.Value);

    private OwnedPartition Owned(TopicPartition partition) => owned.GetValueOrDefault(partition)
        ?? throw new InvalidOperationException($"{partition} is not assigned to member '{memberName}' of group '{group}'");

    private void Join()
    {
        IConsumer<byte[], byte[]> joining = clients.Consumer(KafkaSettings.GroupConsumer(clients.Options, group, memberName), builder => builder
            .SetPartitionsAssignedHandler(OnClientAssigned)
            .SetPartitionsRevokedHandler(OnClientRevoked)
            .SetPartitionsLostHandler(OnClientLost));
        lookup = new OffsetLookup(joining, group, clients, time);
        client = joining;
        joining.Subscribe(topics);
    }

    private void Take(List<ConsumedRecord> records, int recordsMax, int sliceMs)
    {
        while (records.Count < recordsMax)
        {
            try
            {
                if (client!.Consume(sliceMs) is not { } result)
                {
                    return;
                }

                sliceMs = 0;
                TopicPartition partition = FromClient(result.TopicPartition);
                if (owned.TryGetValue(partition, out OwnedPartition? from) && from.Fetching && result.Offset.Value >= from.Taken)
                {
                    from.Taken = result.Offset.Value + 1;
                    records.Add(KafkaPartitionReader.RecordOf(partition, result));
                }
            }
            catch (ConsumeException cause)
            {
                sliceMs = 0;
                if (Failed(cause))
                {
                    return;
                }
            }
            catch (KafkaException cause) when (cause.Error.IsFatal)
            {
                Rebuild(cause.Error);
                return;
            }
        }
    }

    // Whether to stop taking.
    private bool Failed(ConsumeException cause)
    {
        Error error = cause.Error;
        if (error.IsFatal)
        {
            Rebuild(error);
            return true;
        }

        if (error.Code == ErrorCode.Local_MaxPollExceeded)
        {
            // The client has left the group already.
            LoseAll($"it did not poll for {clients.Options.PollTimeout}");
            return false;
        }

        if (KafkaErrors.IsOffsetLost(error.Code))
        {
            // Without a number: the client found no committed offset, which is decided by BeginNew.
            return owned.TryGetValue(FromClient(cause.ConsumerRecord.TopicPartition), out OwnedPartition? partition)
                && partition.Fetching && !cause.ConsumerRecord.Offset.IsSpecial
                ? throw OffsetLost(partition.Partition, KafkaErrors.Text(error))
                : false;
        }

        throw new MessagingTransientException($"member '{memberName}' of group '{group}': {KafkaErrors.Text(error)}{clients.Trouble}", cause);
    }

    private MessagingFatalException OffsetLost(TopicPartition partition, string why) => new(
        $"group '{group}' cannot go on in {partition}: its offset {owned[partition].Position} is not there ({why}). Records that were not yet processed may have "
        + "been deleted, or the topic was made anew. Find out which; then set the group's offset with kafka-consumer-groups --reset-offsets while no worker runs");

    private void Rebuild(Error error)
    {
        IConsumer<byte[], byte[]> old = client!;
        LoseAll(KafkaErrors.Text(error));
        evicted ??= KafkaErrors.Text(error);
        clients.Retire(Closing(old, lookup!));
        client = null;
        lookup = null;
    }

    private void ThrowWhatHappened(List<ConsumedRecord> records)
    {
        if (evicted is { } reason)
        {
            evicted = null;
            listenerFailure = null;
            throw new MessagingFencedException($"member '{memberName}' was put out of group '{group}': {reason}; the next poll joins anew");
        }

        if (listenerFailure is { } failure)
        {
            listenerFailure = null;
            foreach (OwnedPartition partition in records.Select(static record => record.Partition).Distinct().Where(owned.ContainsKey).Select(Owned))
            {
                partition.MoveTo(partition.Position);
            }

            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    // A partition may have been revoked after its record was taken: then it is another's to read.
    private List<ConsumedRecord> Deliver(List<ConsumedRecord> records)
    {
        records.RemoveAll(record => !owned.ContainsKey(record.Partition));
        foreach (ConsumedRecord record in records)
        {
            owned[record.Partition].Position = record.Offset + 1;
        }

        return records;
    }

    private IEnumerable<TopicPartitionOffset> OnClientAssigned(IConsumer<byte[], byte[]> from, List<Partition> partitions)
    {
        if (!disposed)
        {
            List<OwnedPartition> added = partitions.ConvertAll(static p => new OwnedPartition(FromClient(p), Interlocked.Increment(ref lastEpoch)));
            arriving = arriving.Values.Concat(added).ToFrozenDictionary(static p => p.Partition);
            LookUp(added);
        }

        // The client begins at the committed offset too, which it looks up for itself. It must not be given a logical offset (the end, say): if it were sent
        // elsewhere while it still looked that up, it would follow it after all, half a second later.
        return partitions.Select(static partition => new TopicPartitionOffset(partition, Offset.Unset));
    }

    private void OnClientRevoked(IConsumer<byte[], byte[]> from, List<TopicPartitionOffset> partitions)
    {
        if (disposed)
        {
            return;
        }

        if (!IsMember)
        {
            // Out of the group while the client was still asking for some partitions in order.
            LoseAll("the group goes on without it");
            return;
        }

        List<TopicPartition> all = partitions.ConvertAll(static p => FromClient(p.TopicPartition));
        List<TopicPartition> told = all.FindAll(owned.ContainsKey);
        if (told.Count > 0)
        {
            Guarded(() => listener.OnRevoked(told));
        }

        Forget(all);
    }

    private void OnClientLost(IConsumer<byte[], byte[]> from, List<TopicPartitionOffset> partitions)
    {
        if (!disposed)
        {
            LoseAll("the group goes on without it");
        }
    }

    // The client lets go of them one group after the other; but a member that was evicted owns nothing, and must know it at once.
    private void LoseAll(string reason)
    {
        List<TopicPartition> told = [.. owned.Keys];
        Forget([.. owned.Keys, .. arriving.Keys]);
        if (told.Count > 0)
        {
            evicted = reason;
            KafkaLog.MemberOut(clients.Logger, memberName, group, reason);
            Guarded(() => listener.OnLost(told));
        }
    }

    private void Forget(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
        {
            owned.Remove(partition);
        }

        arriving = arriving.Where(p => !partitions.Contains(p.Key)).ToFrozenDictionary();
        RememberEpochs();
    }

    private void RememberEpochs() => epochs = owned.ToFrozenDictionary(static p => p.Key, static p => p.Value.Epoch);

    private void Guarded(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception failure)
        {
            listenerFailure ??= failure;
        }
    }

    private void BeginFoundPartitions()
    {
        List<OwnedPartition> begun = [];
        List<OwnedPartition> unknown = [];
        while (lookup!.TryTake(out OwnedPartition partition, out long? offset))
        {
            if (arriving.GetValueOrDefault(partition.Partition) != partition)
            {
                continue;
            }

            partition.MoveTo(offset ?? 0);
            (offset is null ? unknown : begun).Add(partition);
        }

        begun.AddRange(BeginNew(unknown));

        if (begun.Count > 0)
        {
            begun.ForEach(partition => owned.Add(partition.Partition, partition));
            Forget([]);
            arriving = arriving.Where(p => !owned.ContainsKey(p.Key)).ToFrozenDictionary();
            listener.OnAssigned(begun.ConvertAll(static partition => partition.Partition));
        }
    }

    // Only the owner decides where its group begins, on the thread on which it would be told that it owns the partition no more.
    private List<OwnedPartition> BeginNew(List<OwnedPartition> partitions)
    {
        if (partitions.Count == 0)
        {
            return [];
        }

        try
        {
            partitions.ForEach(partition => partition.MoveTo(FirstOffset(partition.Partition)));
            client!.Commit(partitions.Select(static p => new TopicPartitionOffset(p.Partition.Topic, p.Partition.Partition, p.Position)));
        }
        catch (Exception cause) when (cause is KafkaException or MessagingTransientException)
        {
            // The group or the partition's leader is on the move. Asked again, either there is an offset or the partition is not ours any more.
            LookUp(partitions);
            return [];
        }

        foreach (OwnedPartition partition in partitions)
        {
            KafkaLog.GroupBegins(clients.Logger, group, partition.Partition.ToString(), partition.Position);
        }

        // The client has found no offset and given them up; it takes them only as new ones.
        client.IncrementalUnassign(partitions.Select(static partition => ToClient(partition.Partition)));
        client.IncrementalAssign(partitions.Select(static p => new TopicPartitionOffset(p.Partition.Topic, p.Partition.Partition, p.Position)));

        return partitions;
    }

    private void LookUp(List<OwnedPartition> partitions) =>
        lookup!.Begin(partitions, partition => arriving.GetValueOrDefault(partition.Partition) == partition);

    private long FirstOffset(TopicPartition partition)
    {
        long first = watermarks.Of(partition).Low;
        if (first > 0 && !clients.Options.AllowMissingOffsets)
        {
            throw new MessagingFatalException(
                $"group '{group}' has no committed offset for {partition}, whose records before offset {first} are deleted already: either the group is new on an "
                + "old topic, or its offsets are lost. If it is new, start once with Corda:Bus:Kafka:AllowMissingOffsets=true; if they are lost, set them with "
                + "kafka-consumer-groups --reset-offsets while no worker runs");
        }

        return first;
    }

    private void SendToPositions()
    {
        foreach (OwnedPartition partition in owned.Values.Where(static partition => !partition.Fetching && !partition.Paused))
        {
            try
            {
                client!.Seek(new TopicPartitionOffset(partition.Partition.Topic, partition.Partition.Partition, partition.Position));
                if (partition.ClientPaused)
                {
                    // Only after it was sent: left to itself the client goes on where it had fetched to, not where we had read to.
                    client.Resume([ToClient(partition.Partition)]);
                    partition.ClientPaused = false;
                }

                partition.Taken = partition.Position;
                partition.Fetching = true;
            }
            catch (KafkaException)
            {
                // The client has not begun with the partition yet (its leader may be unknown): tried again by the next poll.
            }
        }
    }

    private void TellOfTheEnd()
    {
        IReadOnlyCollection<TopicPartition> partitions = Assignment;
        if (partitions.Count == 0)
        {
            return;
        }

        if (IsMember)
        {
            listener.OnRevoked(partitions);
        }
        else
        {
            listener.OnLost(partitions);
        }
    }

    private void Leave()
    {
        if (client is { } leaving)
        {
            Task left = clients.CloseAsync(Closing(leaving, lookup!));
            if (!left.Wait(CloseTimeout))
            {
                KafkaLog.ClientDoesNotClose(clients.Logger, CloseTimeout);
            }
        }
    }

    private static Action Closing(IConsumer<byte[], byte[]> leaving, OffsetLookup asking) => () =>
    {
        asking.Stop();
        leaving.Close();
    };
}
