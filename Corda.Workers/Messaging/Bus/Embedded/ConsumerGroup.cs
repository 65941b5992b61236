namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// A consumer group: its members, who owns which partition, who shall, and the committed offsets. Guarded by the lock of <see cref="GroupCoordinator"/>.
/// </summary>
/// <remarks>
/// Rebalancing is cooperative. A change of members only sets new targets. An owner that is not the target gives the partition up in its own next
/// poll; the target takes it in a poll of its own once it is free and no commit for it is under way. All other partitions stay where they are.
/// </remarks>
internal sealed class ConsumerGroup(string name, TimeProvider time)
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
            slots.Add(partition, slot = new Slot(time));
        }

        return slot;
    }

    /// <summary>A partition's slot, or null where this group does not know it.</summary>
    public Slot? Find(TopicPartition partition) => slots.GetValueOrDefault(partition);

    /// <summary>What a member has to do next: first it lets go of what is another's, then it takes what is free for it.</summary>
    public MembershipChange ChangeFor(GroupMember member)
    {
        List<TopicPartition> revoked = [.. slots.Where(s => s.Value.Owner == member && s.Value.Target != member).Select(s => s.Key)];
        return revoked.Count > 0 ? new MembershipChange.Revoke(revoked) : Grant(member);
    }

    /// <summary>Whether nobody has been here for so long that nobody is waited for. Counted in this run of the process only.</summary>
    public bool IsGone(TimeSpan retention) => members.Count == 0 && slots.Values.All(s => s.InFlight == 0 && !s.IsNeeded(retention));

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

    private MembershipChange Grant(GroupMember member)
    {
        Dictionary<TopicPartition, long> granted = [];
        foreach ((TopicPartition partition, Slot slot) in slots)
        {
            if (slot.Target == member && slot.Owner is null && slot.InFlight == 0)
            {
                (slot.Owner, slot.OwnedSince) = (member, Generation);
                granted.Add(partition, slot.Committed ?? 0);
            }
        }

        // Whatever is still on its way to this member sets the flag again when it is free.
        member.NeedsAttention = granted.Count > 0;
        return granted.Count > 0 ? new MembershipChange.Assign(granted) : MembershipChange.None.Instance;
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
    internal sealed class Slot(TimeProvider time)
    {
        private GroupMember? target;
        private long unwantedSince = time.GetTimestamp();

        /// <summary>Whose it is; null while it is on its way.</summary>
        public GroupMember? Owner { get; set; }

        /// <summary>The generation in which the owner got it. Older proofs of membership are from before.</summary>
        public int OwnedSince { get; set; }

        /// <summary>Who shall have it.</summary>
        public GroupMember? Target
        {
            get => target;
            set
            {
                if (target is not null && value is null)
                {
                    unwantedSince = time.GetTimestamp();
                }

                target = value;
            }
        }

        /// <summary>The offset to be read next; null for none committed.</summary>
        public long? Committed { get; set; }

        /// <summary>Transactions with an offset of this partition that are being written. Until they are decided, nobody reads <see cref="Committed"/>.</summary>
        public int InFlight { get; set; }

        /// <summary>
        /// Whether its records are waited for: by a member, or by a group that may yet come back. The time without a member is counted while this process runs:
        /// after a long pause of the whole process or machine, nobody could have read what waits.
        /// </summary>
        public bool IsNeeded(TimeSpan retention) => Owner is not null || target is not null || time.GetElapsedTime(unwantedSince) < retention;
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
