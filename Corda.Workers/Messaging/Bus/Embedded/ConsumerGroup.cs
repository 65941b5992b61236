namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// A consumer group: its members, who owns which partition, who shall, and the committed offsets. Guarded by the lock of <see cref="GroupCoordinator"/>.
/// </summary>
/// <remarks>
/// Rebalancing is cooperative. A change of members only sets new targets. An owner that is not the target gives the partition up in its own next
/// poll; the target takes it in a poll of its own once it is free and no commit for it is under way. All other partitions stay where they are.
/// </remarks>
internal sealed class ConsumerGroup(string name)
{
    private readonly List<GroupMember> members = [];
    private readonly SortedDictionary<TopicPartition, Slot> slots = new(PartitionOrder.Instance);

    public string Name => name;

    /// <summary>Rises with every change of members.</summary>
    public int Generation { get; private set; }

    public IReadOnlyList<GroupMember> Members => members;

    /// <summary>All partitions that were ever subscribed or committed.</summary>
    public IEnumerable<KeyValuePair<TopicPartition, Slot>> Slots => slots;

    public Slot SlotOf(TopicPartition partition)
    {
        if (!slots.TryGetValue(partition, out Slot? slot))
        {
            slots.Add(partition, slot = new Slot());
        }

        return slot;
    }

    /// <summary>A partition's slot, or null where this group does not know it.</summary>
    public Slot? Find(TopicPartition partition) => slots.GetValueOrDefault(partition);

    public void Add(GroupMember member, IEnumerable<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
        {
            SlotOf(partition);
        }

        members.Add(member);
        Rebalance();
    }

    /// <summary>Removes a member; what it owned is free at once.</summary>
    public void Remove(GroupMember member)
    {
        members.Remove(member);
        foreach (Slot slot in slots.Values.Where(s => s.Owner == member))
        {
            slot.Owner = null;
        }

        Rebalance();
    }

    private void Rebalance()
    {
        Generation++;
        Dictionary<TopicPartition, GroupMember> targets = StickyAssignor.Assign(
            [.. slots.Select(s => KeyValuePair.Create(s.Key, s.Value.Owner ?? s.Value.Target))], members);
        foreach ((TopicPartition partition, Slot slot) in slots)
        {
            slot.Target = targets.GetValueOrDefault(partition);
        }

        foreach (GroupMember member in members)
        {
            member.Nudge();
        }
    }

    /// <summary>One partition in the eyes of a group.</summary>
    internal sealed class Slot
    {
        /// <summary>Whose it is; null while it is on its way.</summary>
        public GroupMember? Owner { get; set; }

        /// <summary>The generation in which the owner got it. Older proofs of membership are from before.</summary>
        public int OwnedSince { get; set; }

        /// <summary>Who shall have it.</summary>
        public GroupMember? Target { get; set; }

        /// <summary>The offset to be read next; null for none committed.</summary>
        public long? Committed { get; set; }

        public DateTimeOffset CommittedAt { get; set; }

        /// <summary>Transactions with an offset of this partition that are being written. Until they are decided, nobody reads <see cref="Committed"/>.</summary>
        public int InFlight { get; set; }
    }

    private sealed class PartitionOrder : IComparer<TopicPartition>
    {
        public static readonly PartitionOrder Instance = new();

        public int Compare(TopicPartition x, TopicPartition y)
        {
            int byTopic = string.CompareOrdinal(x.Topic, y.Topic);
            return byTopic != 0 ? byTopic : x.Partition.CompareTo(y.Partition);
        }
    }
}

/// <summary>A member of a consumer group, from its joining to its leaving or eviction. Guarded by the lock of <see cref="GroupCoordinator"/>.</summary>
internal sealed class GroupMember(string id, ConsumerGroup group, IReadOnlySet<string> topics, WakeSignal signal)
{
    public string Id => id;

    public ConsumerGroup Group => group;

    public IReadOnlySet<string> Topics => topics;

    /// <summary>The timestamp of its last sign of life.</summary>
    public long LastSeen { get; set; }

    /// <summary>Whether it waits within a poll. The bus wakes it whenever there is something to do, so it cannot be late.</summary>
    public bool Waiting { get; set; }

    /// <summary>Whether it was put out of the group.</summary>
    public bool Evicted { get; set; }

    /// <summary>Whether there may be something for it to do: without, a poll costs one look at this flag.</summary>
    public bool NeedsAttention { get; set; } = true;

    /// <summary>There is something to do for it: wakes it where it waits.</summary>
    public void Nudge()
    {
        NeedsAttention = true;
        signal.Set();
    }
}
