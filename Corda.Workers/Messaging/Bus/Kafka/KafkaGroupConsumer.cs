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
    Action<GroupMemberId> leaveBehind, TimeProvider time) : IGroupConsumer, IMembershipHolder
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly MemberPartitions mine = new();
    private readonly GroupBeginning beginning = new(group, clients, watermarks);
    private readonly MemberIds ids = new(group, leaveBehind);
    private readonly IdleOffsets idle = new(time);
    private MemberClient? client;
    private string? evicted;
    private Exception? failure;
    private long lastPoll;
    private volatile bool wakeup;
    private volatile bool disposed;

    /// <inheritdoc/>
    public IReadOnlyCollection<TopicPartition> Assignment => mine.Names;

    /// <inheritdoc/>
    public GroupMembership Membership => !disposed && client is { } member
        ? KafkaMembership.Of(member.Consumer.ConsumerGroupMetadata, mine.Epochs, this)
        : new GroupMembership(group, "", -1);

    /// <inheritdoc/>
    public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        long start = time.GetTimestamp();
        GiveUpIfSilent(start);
        List<ConsumedRecord> records = [];
        while (true)
        {
            if (client is null) Join();
            BeginFoundPartitions();
            SendToPositions();
            TimeSpan left = wait - time.GetElapsedTime(start);
            Take(records, recordsMax, PollSlice.Of(left));
            ThrowWhatHappened(records);
            if (records.Count > 0 || wakeup || left <= TimeSpan.Zero)
            {
                wakeup = false;
                if (records.Count == 0) idle.Pass(client!, mine);
                lastPoll = time.GetTimestamp();
                return mine.Deliver(records);
            }
        }
    }

    /// <inheritdoc/>
    public long Position(TopicPartition partition) => Owned(partition).Position;

    /// <inheritdoc/>
    public bool IsAtEnd(TopicPartition partition) => Owned(partition).IsAtEnd;

    /// <inheritdoc/>
    public void Pause(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (OwnedPartition partition in partitions.Select(Owned))
        {
            partition.Paused = true;
            partition.Fetching = false;
            partition.ClientPaused = true;
        }

        client!.Pause(partitions.Select(PartitionNames.ToClient));
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
        if (client is null || mine.Owned.Count == 0) return;

        Dictionary<TopicPartition, long?> committed = client.Committed(mine.Names);
        foreach (OwnedPartition partition in mine.Owned)
        {
            partition.BeginAt(committed[partition.Partition] ?? throw OffsetLost(partition, "it is gone from the group"));
        }

        SendToPositions();
    }

    /// <inheritdoc/>
    public void Wakeup() => wakeup = true;

    /// <inheritdoc/>
    public IReadOnlyDictionary<TopicPartition, long> Forward(IReadOnlyDictionary<TopicPartition, long> offsets) => client is { IsCommitting: true }
        ? throw new MessagingTransientException($"member '{memberName}' of group '{group}' has offsets under way, which would take back what is committed before them")
        : mine.Forward(offsets);

    /// <inheritdoc/>
    public void OnCommitted(IReadOnlyDictionary<TopicPartition, long> offsets) => mine.Commit(offsets);

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
            mine.ForgetAll();
            Leave();
        }
    }

    private string Silence => $"it did not poll for {clients.Options.PollTimeout}";

    private bool IsMember => Membership.IsProof;

    private OwnedPartition Owned(TopicPartition partition) => mine.Find(partition)
        ?? throw new InvalidOperationException($"{partition} is not assigned to member '{memberName}' of group '{group}'");

    private void Join()
    {
        IConsumer<byte[], byte[]> joining = clients.Consumer(KafkaSettings.GroupConsumer(clients.Options, group, memberName), builder => builder
            .SetPartitionsAssignedHandler(OnClientAssigned)
            .SetPartitionsRevokedHandler(OnClientRevoked)
            .SetPartitionsLostHandler(OnClientLost));
        client = new MemberClient(joining, group, clients, time);
        joining.Subscribe(topics);
    }

    // The client notices it too, some time later and in several steps. Who was silent for so long owns nothing, and begins anew.
    private void GiveUpIfSilent(long now)
    {
        if (client is not null && mine.Owned.Count > 0 && time.GetElapsedTime(lastPoll, now) > clients.Options.PollTimeout)
        {
            Rebuild(Silence);
            ThrowWhatHappened([]);
        }
    }

    private void Take(List<ConsumedRecord> records, int recordsMax, int sliceMs)
    {
        while (records.Count < recordsMax)
        {
            try
            {
                if (client!.Consumer.Consume(sliceMs) is not { } result)
                {
                    return;
                }

                sliceMs = 0;
                if (mine.TryTake(result))
                {
                    records.Add(KafkaPartitionReader.RecordOf(result.TopicPartition.FromClient(), result));
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
                Rebuild(KafkaErrors.Text(cause.Error));
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
            Rebuild(KafkaErrors.Text(error));
            return true;
        }

        if (error.Code == ErrorCode.Local_MaxPollExceeded)
        {
            // The client has left the group already.
            LoseAll(Silence);
            return false;
        }

        if (KafkaErrors.IsOffsetLost(error.Code))
        {
            return OffsetLost(cause.ConsumerRecord, error);
        }

        failure = new MessagingTransientException($"member '{memberName}' of group '{group}': {KafkaErrors.Text(error)}{clients.Trouble}", cause);
        return true;
    }

    // Loud where the client was sent there. What it says of the committed offset that it began at by itself (without a number: there is none) is decided when the
    // member begins with the partition.
    private bool OffsetLost(ConsumeResult<byte[], byte[]> place, Error error)
    {
        if (mine.FindHeld(place.TopicPartition.FromClient()) is not { } partition)
        {
            return false;
        }

        bool isLoud = partition.Fetching && !place.Offset.IsSpecial;
        if (isLoud) failure = OffsetLost(partition, KafkaErrors.Text(error));
        partition.GiveUp();
        return isLoud;
    }

    private MessagingFatalException OffsetLost(OwnedPartition partition, string why) =>
        KafkaErrors.OffsetLost(group, partition.Partition, partition.Position, why);

    private void Rebuild(string reason)
    {
        MemberClient old = client!;
        LoseAll(reason);
        evicted ??= reason;
        client = null;
        _ = old.LeaveAsync();
    }

    private void ThrowWhatHappened(List<ConsumedRecord> records)
    {
        if (evicted is { } reason)
        {
            evicted = null;
            failure = null;
            throw new MessagingEvictedException($"member '{memberName}' was put out of group '{group}': {reason}; the next poll joins anew");
        }

        if (failure is { } thrown)
        {
            failure = null;
            foreach (OwnedPartition partition in records.Select(static record => record.Partition).Distinct().Where(mine.IsOwned).Select(Owned))
            {
                partition.MoveTo(partition.Position);
            }

            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        }
    }

    private IEnumerable<TopicPartitionOffset> OnClientAssigned(IConsumer<byte[], byte[]> from, List<Partition> partitions)
    {
        if (IsCurrent(from))
        {
            ids.Note(Membership.MemberId);
            LookUp(mine.Arrive(partitions.Select(PartitionNames.FromClient)));
        }

        // The client begins at the committed offset too, which it looks up for itself. It must not be given a logical offset (the end, say): if it were sent
        // elsewhere while it still looked that up, it would follow it after all, half a second later.
        return partitions.Select(static partition => new TopicPartitionOffset(partition, Offset.Unset));
    }

    private void OnClientRevoked(IConsumer<byte[], byte[]> from, List<TopicPartitionOffset> partitions)
    {
        if (!IsCurrent(from)) return;

        if (!IsMember)
        {
            // Out of the group, while the client still asks for some partitions in order.
            LoseAll("the group goes on without it");
            return;
        }

        List<TopicPartition> all = partitions.ConvertAll(static p => p.TopicPartition.FromClient());
        List<TopicPartition> told = all.FindAll(mine.IsOwned);
        if (told.Count > 0) Guarded(() => listener.OnRevoked(told));
        mine.Forget(all);
    }

    private void OnClientLost(IConsumer<byte[], byte[]> from, List<TopicPartitionOffset> partitions)
    {
        if (IsCurrent(from)) LoseAll("the group goes on without it");
    }

    // A client that was given up is closed on another thread, and calls the handlers there: what it lost is lost already, and its successor may own the same by now.
    private bool IsCurrent(IConsumer<byte[], byte[]> from) => !disposed && ReferenceEquals(from, client?.Consumer);

    // The client lets go of them one group after the other; but a member that was evicted owns nothing, and must know it at once.
    private void LoseAll(string reason)
    {
        List<TopicPartition> told = mine.Names;
        mine.ForgetAll();
        ids.Note(Membership.MemberId);
        if (told.Count > 0)
        {
            evicted = reason;
            KafkaLog.MemberOut(clients.Logger, memberName, group, reason);
            Guarded(() => listener.OnLost(told));
        }
    }

    private void Guarded(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception thrown)
        {
            failure ??= thrown;
        }
    }

    private void BeginFoundPartitions()
    {
        List<OwnedPartition> begun = [];
        List<OwnedPartition> unknown = [];
        while (client!.Lookup.TryTake(out OwnedPartition partition, out long? offset))
        {
            if (mine.IsArriving(partition))
            {
                partition.BeginAt(offset ?? 0);
                (offset is null ? unknown : begun).Add(partition);
            }
        }

        if (unknown.Count > 0 && beginning.TryCommit(client, unknown))
        {
            begun.AddRange(unknown);
        }
        else
        {
            LookUp(unknown);
        }

        if (begun.Count > 0)
        {
            mine.Own(begun);
            listener.OnAssigned(begun.ConvertAll(static partition => partition.Partition));
        }
    }

    private void LookUp(List<OwnedPartition> partitions)
    {
        if (partitions.Count > 0)
        {
            client!.Lookup.Begin(partitions, mine.IsArriving);
        }
    }

    private void SendToPositions() => client!.SendToPositions(mine.Owned);

    private void TellOfTheEnd()
    {
        ids.Note(Membership.MemberId);
        if (mine.Names is { Count: > 0 } partitions)
        {
            Action<IReadOnlyCollection<TopicPartition>> tell = IsMember ? listener.OnRevoked : listener.OnLost;
            tell(partitions);
            if (IsMember) IdleOffsets.Commit(client!, mine);
        }
    }

    private void Leave()
    {
        if (client is { } leaving && !leaving.LeaveAsync().Wait(CloseTimeout))
        {
            KafkaLog.ClientDoesNotClose(clients.Logger, CloseTimeout);
        }
    }
}
