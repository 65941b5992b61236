namespace Corda.Workers.Messaging.Bus;

/// <summary>A member of a group that tells who it is and what it owns. <see cref="Held"/> from any thread, the rest as the consumer behind it.</summary>
/// <param name="listener">Whom the partitions are for.</param>
/// <param name="time">The only clock.</param>
/// <param name="changed">Told of the former member id where that has changed, and whether the consumer is closed.</param>
internal sealed class ObservedConsumer(IAssignmentListener listener, TimeProvider time, Action<ObservedConsumer, GroupMemberId?, bool> changed)
    : IGroupConsumer, IAssignmentListener
{
    // A member without partitions is told of nothing, and yet may have got another member id.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    private readonly SortedSet<TopicPartition> owned = new(Comparer<TopicPartition>.Create(static (one, other) =>
        string.CompareOrdinal(one.Topic, other.Topic) is var byTopic && byTopic != 0 ? byTopic : one.Partition.CompareTo(other.Partition)));

    private IGroupConsumer inner = null!;
    private volatile HeldMembership? held;
    private long lastLook;

    /// <summary>The membership; null while it is not one.</summary>
    public HeldMembership? Held => held;

    public IReadOnlyCollection<TopicPartition> Assignment => inner.Assignment;

    public GroupMembership Membership => inner.Membership;

    /// <summary>Opens the consumer behind, which reports to this one.</summary>
    public void Open(Func<IAssignmentListener, IGroupConsumer> join) => inner = join(this);

    public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
    {
        try
        {
            return inner.Poll(recordsMax, wait);
        }
        finally
        {
            if (held is null || time.GetElapsedTime(lastLook) >= LookInterval) Look(partitionsChanged: false);
        }
    }

    public long Position(TopicPartition partition) => inner.Position(partition);

    public bool IsAtEnd(TopicPartition partition) => inner.IsAtEnd(partition);

    public void Pause(IReadOnlyCollection<TopicPartition> partitions) => inner.Pause(partitions);

    public void Resume(IReadOnlyCollection<TopicPartition> partitions) => inner.Resume(partitions);

    public void Rewind() => inner.Rewind();

    public void Wakeup() => inner.Wakeup();

    public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
        listener.OnAssigned(partitions);
        owned.UnionWith(partitions);
        Look(partitionsChanged: true);
    }

    public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        listener.OnRevoked(partitions);
        owned.ExceptWith(partitions);
        Look(partitionsChanged: true);
    }

    public void OnLost(IReadOnlyCollection<TopicPartition> partitions)
    {
        owned.ExceptWith(partitions);
        listener.OnLost(partitions);
        Look(partitionsChanged: true);
    }

    public void Dispose()
    {
        try
        {
            inner.Dispose();
        }
        finally
        {
            HeldMembership? former = held;
            held = null;
            changed(this, former?.Member, true);
        }
    }

    private void Look(bool partitionsChanged)
    {
        lastLook = time.GetTimestamp();
        GroupMembership now = inner.Membership;
        GroupMemberId? member = now.MemberId.Length == 0 ? null : new GroupMemberId(now.Group, now.MemberId);
        GroupMemberId? former = held?.Member;
        if (member == former && !partitionsChanged) return;

        held = member is null ? null : new HeldMembership(member, [.. owned], LastCommitAt: null);
        changed(this, member == former ? null : former, false);
    }
}
