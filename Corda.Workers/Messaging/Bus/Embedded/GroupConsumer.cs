namespace Corda.Workers.Messaging.Bus.Embedded;

/// <inheritdoc cref="IGroupConsumer"/>
/// <remarks>An exception of the listener leaves <see cref="Poll"/>; a revocation it interrupted is repeated by the next poll.</remarks>
internal sealed class GroupConsumer(
    string group, string memberName, IReadOnlySet<string> topics, IAssignmentListener listener, BusCore core) : IGroupConsumer
{
    private readonly WakeSignal signal = new(core.Time);
    private readonly PollSet cursors = new(standsDamage: true);
    private GroupMember? member;
    private volatile bool wakeup;
    private bool disposed;

    public IReadOnlyCollection<TopicPartition> Assignment => [.. cursors.Partitions];

    public GroupMembership Membership => member is null
        ? new GroupMembership(group, "", -1)
        : new GroupMembership(group, member.Id, core.Coordinator.Generation(member));

    public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        long start = core.Time.GetTimestamp();
        while (true)
        {
            KeepMembership();
            IReadOnlyList<ConsumedRecord> records = cursors.Read(recordsMax);
            TimeSpan left = wait - core.Time.GetElapsedTime(start);
            if (records.Count > 0 || wakeup || left <= TimeSpan.Zero)
            {
                wakeup = false;
                return records;
            }

            core.Coordinator.BeginWait(member!);
            signal.Wait(left);
        }
    }

    public long Position(TopicPartition partition) => cursors[partition].Position;

    public bool IsAtEnd(TopicPartition partition) => cursors[partition] is var cursor && (cursor.Damaged || cursor.Position >= cursor.Log.End);

    public void Pause(IReadOnlyCollection<TopicPartition> partitions) => SetPaused(partitions, paused: true);

    public void Resume(IReadOnlyCollection<TopicPartition> partitions) => SetPaused(partitions, paused: false);

    public void Rewind()
    {
        foreach ((TopicPartition partition, long offset) in core.Coordinator.Committed(group, Assignment))
        {
            cursors[partition].Seek(offset);
        }
    }

    public void Wakeup()
    {
        wakeup = true;
        signal.Set();
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        try
        {
            TellOfTheEnd(Assignment);
        }
        finally
        {
            Forget(Assignment);
            if (member is not null)
            {
                core.Coordinator.Leave(member);
            }

            signal.Dispose();
        }
    }

    private void TellOfTheEnd(IReadOnlyCollection<TopicPartition> partitions)
    {
        if (partitions.Count > 0 && member is { Evicted: true })
        {
            listener.OnLost(partitions);
        }
        else if (partitions.Count > 0)
        {
            listener.OnRevoked(partitions);
        }
    }

    /// <summary>Does what the coordinator asks for, one thing after the other, until this member is as the group wants it.</summary>
    private void KeepMembership()
    {
        member ??= core.Coordinator.Join(group, memberName, topics, signal);
        while (true)
        {
            switch (core.Coordinator.Heartbeat(member))
            {
                case MembershipChange.None:
                    return;
                case MembershipChange.Revoke(IReadOnlyList<TopicPartition> partitions):
                    listener.OnRevoked(partitions);
                    Forget(partitions);
                    core.Coordinator.Release(member, partitions);
                    break;
                case MembershipChange.Assign(IReadOnlyDictionary<TopicPartition, long> offsets):
                    Begin(offsets);
                    listener.OnAssigned([.. offsets.Keys]);
                    break;
                case MembershipChange.Evicted:
                    throw Evicted(member);
                case MembershipChange other:
                    throw new System.Diagnostics.UnreachableException($"MembershipChange {other}");
            }
        }
    }

    private MessagingEvictedException Evicted(GroupMember evicted)
    {
        IReadOnlyCollection<TopicPartition> lost = Assignment;
        member = null;
        Forget(lost);
        if (lost.Count > 0)
        {
            listener.OnLost(lost);
        }

        return new MessagingEvictedException(
            $"member '{evicted.Id}' was put out of group '{group}': it did not poll for {core.Options.MemberTimeout}, or was taken for dead; the next poll joins anew");
    }

    private void Begin(IReadOnlyDictionary<TopicPartition, long> offsets)
    {
        foreach ((TopicPartition partition, long offset) in offsets)
        {
            PartitionLog log = core.Topics.Require(partition);
            cursors.Add(core.CursorAt(log, offset));
            log.Subscribe(signal);
        }
    }

    private void Forget(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
        {
            cursors[partition].Log.Unsubscribe(signal);
            cursors.Remove(partition);
        }
    }

    private void SetPaused(IReadOnlyCollection<TopicPartition> partitions, bool paused)
    {
        foreach (TopicPartition partition in partitions)
        {
            cursors[partition].Paused = paused;
        }
    }
}
