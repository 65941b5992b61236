using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Knows all consumer groups and all transactional ids, and so decides whether a transaction may still be written. One lock guards all of it; it is
/// held for a look at memory only, never for I/O or a listener. Under it only <see cref="WakeSignal"/>s are touched.
/// </summary>
/// <remarks>
/// Fencing is exact because of one rule: what a transaction was admitted by (<see cref="TryAdmit"/>) cannot be handed to somebody else before its
/// outcome is known (<see cref="Settle"/>). A partition changes its owner, and an opening producer returns, only when no write for it is in flight.
/// </remarks>
internal sealed class GroupCoordinator
{
    private readonly object gate = new();
    private readonly Dictionary<string, ConsumerGroup> groups = [];
    private readonly Dictionary<string, TransactionalId> transactionalIds = [];
    private readonly TopicTable topics;
    private readonly TimeProvider time;
    private readonly TimeSpan memberTimeout;
    private readonly ILogger logger;
    private int memberCount;
    private string? undecided;
    private bool closed;

    public GroupCoordinator(TopicTable topics, IEnumerable<GroupOffset> committed, TimeProvider time, TimeSpan memberTimeout, ILogger logger)
    {
        (this.topics, this.time, this.memberTimeout, this.logger) = (topics, time, memberTimeout, logger);
        foreach (GroupOffset offset in committed)
        {
            GroupOf(offset.Group).SlotOf(offset.Partition).Committed = offset.Offset;
        }
    }

    /// <summary>Makes a new member of a group, which sets off a rebalance.</summary>
    public GroupMember Join(string groupName, string memberName, IReadOnlySet<string> subscribed, WakeSignal signal)
    {
        lock (gate)
        {
            ConsumerGroup group = GroupOf(groupName);
            GroupMember member = new($"{memberName}-{++memberCount}", group, subscribed, signal) { LastSeen = time.GetTimestamp() };
            group.Add(member, subscribed.SelectMany(t => topics.Require(t).Partitions).Select(p => p.Identity.Partition));
            return member;
        }
    }

    /// <summary>A sign of life, answered with what the member has to do next.</summary>
    public MembershipChange Heartbeat(GroupMember member)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, typeof(EmbeddedBus));
            member.LastSeen = time.GetTimestamp();
            member.Waiting = false;
            if (member.Evicted)
            {
                return new MembershipChange.Evicted();
            }

            return member.NeedsAttention ? member.Group.ChangeFor(member) : MembershipChange.None.Instance;
        }
    }

    /// <summary>The member waits for a wake-up within its poll.</summary>
    public void BeginWait(GroupMember member)
    {
        lock (gate)
        {
            member.Waiting = true;
        }
    }

    /// <summary>The member has let go of partitions it had to: they may go to their new owners.</summary>
    public void Release(GroupMember member, IReadOnlyList<TopicPartition> partitions)
    {
        lock (gate)
        {
            foreach (ConsumerGroup.Slot slot in partitions.Select(member.Group.SlotOf).Where(s => s.Owner == member))
            {
                slot.Owner = null;
                slot.Target?.Nudge();
            }
        }
    }

    /// <summary>The member leaves; what it still owns is free at once.</summary>
    public void Leave(GroupMember member)
    {
        lock (gate)
        {
            if (!member.Evicted)
            {
                member.Evicted = true;
                member.Group.Remove(member);
            }
        }
    }

    /// <summary>Puts members out that have not polled for the member timeout.</summary>
    public void EvictSilent()
    {
        lock (gate)
        {
            foreach (GroupMember member in groups.Values.SelectMany(g => g.Members).ToList())
            {
                TimeSpan silence = time.GetElapsedTime(member.LastSeen);
                if (!member.Waiting && silence >= memberTimeout)
                {
                    member.Evicted = true;
                    member.Group.Remove(member);
                    BusLog.MemberEvicted(logger, member.Id, member.Group.Name, silence.TotalSeconds, memberTimeout.TotalSeconds);
                }
            }
        }
    }

    /// <summary>Fences a worker's transactional ids and puts its members out, as if its timeouts had come.</summary>
    public void Evict(DeadWorker dead)
    {
        lock (gate)
        {
            foreach (string id in dead.TransactionalIds)
            {
                transactionalIds.GetValueOrDefault(id)?.Take();
            }

            foreach (GroupMemberId gone in dead.Members)
            {
                if (groups.GetValueOrDefault(gone.Group)?.Members.FirstOrDefault(m => m.Id == gone.MemberId) is { } member)
                {
                    member.Evicted = true;
                    member.Group.Remove(member);
                    BusLog.MemberEvictedAsDead(logger, member.Id, gone.Group, dead.Name);
                }
            }
        }
    }

    /// <summary>The generation to put into a proof of membership.</summary>
    public int Generation(GroupMember member)
    {
        lock (gate)
        {
            return member.Group.Generation;
        }
    }

    /// <summary>Where a group goes on reading; waits for a write of it that is in flight.</summary>
    /// <exception cref="MessagingTransientException">It is not known for now, because the outcome of a write is not.</exception>
    public Dictionary<TopicPartition, long> Committed(string group, IReadOnlyCollection<TopicPartition> partitions)
    {
        lock (gate)
        {
            Dictionary<TopicPartition, ConsumerGroup.Slot> slots = partitions.ToDictionary(p => p, GroupOf(group).SlotOf);
            AwaitSettled(() => slots.Values.All(s => s.InFlight == 0));
            return slots.ToDictionary(s => s.Key, s => s.Value.Committed ?? 0);
        }
    }

    /// <summary>Takes over a transactional id. Returns when no transaction of a former holder can change anything any more.</summary>
    /// <exception cref="MessagingTransientException">A former holder's last transaction is not decided; try again.</exception>
    public TransactionalId.Holder Open(string transactionalId)
    {
        lock (gate)
        {
            if (!transactionalIds.TryGetValue(transactionalId, out TransactionalId? id))
            {
                transactionalIds.Add(transactionalId, id = new TransactionalId(transactionalId));
            }

            TransactionalId.Holder holder = id.Take();
            AwaitSettled(() => id.InFlight == 0);
            return holder;
        }
    }

    /// <summary>Lets a transaction pass to be written, or says why not.</summary>
    public bool TryAdmit(PendingTransaction transaction, out MessagingFencedException? refusal)
    {
        lock (gate)
        {
            refusal = RefusalOf(transaction);
            if (refusal is not null)
            {
                return false;
            }

            CountInFlight(transaction, +1);
            return true;
        }
    }

    /// <summary>The outcome of an admitted transaction is known.</summary>
    public void Settle(IReadOnlyList<PendingTransaction> transactions, bool committed)
    {
        lock (gate)
        {
            undecided = null;
            foreach (PendingTransaction transaction in transactions)
            {
                CountInFlight(transaction, -1);
                foreach ((TopicPartition partition, long offset) in transaction.Consumed)
                {
                    ConsumerGroup.Slot slot = groups[transaction.Membership!.Group].SlotOf(partition);
                    if (committed)
                    {
                        slot.Committed = offset;
                    }

                    if (slot.Owner is null)
                    {
                        slot.Target?.Nudge();
                    }
                }
            }

            Monitor.PulseAll(gate);
        }
    }

    /// <summary>The outcome of the transactions in flight cannot be learned for now: nobody waits for it, those who need it are told.</summary>
    public void Undecided(string reason)
    {
        lock (gate)
        {
            undecided = reason;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>The offset below which no group needs records of a partition, or null where no group reads it.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="retention">Who has been away for so long does not count.</param>
    public long? LowestNeeded(TopicPartition partition, TimeSpan retention)
    {
        lock (gate)
        {
            return groups.Values
                .Select(g => g.Find(partition))
                .OfType<ConsumerGroup.Slot>()
                .Where(s => s.IsNeeded(retention))
                .Min(s => (long?)(s.Committed ?? 0));
        }
    }

    /// <summary>Forgets groups that have been without members for so long, and tells their names.</summary>
    public IReadOnlyList<string> ForgetGone(TimeSpan retention)
    {
        lock (gate)
        {
            List<string> gone = [.. groups.Values.Where(g => g.IsGone(retention)).Select(g => g.Name)];
            gone.ForEach(name => groups.Remove(name));
            return gone;
        }
    }

    /// <summary>The bus is closed: whoever waits or comes is told.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
            foreach (GroupMember member in groups.Values.SelectMany(g => g.Members))
            {
                member.Nudge();
            }
        }
    }

    private MessagingFencedException? RefusalOf(PendingTransaction transaction)
    {
        if (transaction.Producer is { IsCurrent: false } fenced)
        {
            return new MessagingFencedException(
                $"transactional id '{fenced.Id.Name}' has been opened anew since; this producer (epoch {fenced.Epoch} of {fenced.Id.Epoch}) is fenced");
        }

        foreach (TopicPartition partition in transaction.Consumed.Keys)
        {
            GroupMembership membership = transaction.Membership!;
            ConsumerGroup.Slot? slot = groups.GetValueOrDefault(membership.Group)?.Find(partition);
            if (slot?.Owner?.Id != membership.MemberId || membership.Generation < slot.OwnedSince)
            {
                return new MessagingFencedException(
                    $"member '{membership.MemberId}' (generation {membership.Generation}) does not own {partition} in group '{membership.Group}'; "
                    + $"its owner is '{slot?.Owner?.Id ?? "nobody"}'");
            }
        }

        return null;
    }

    private void CountInFlight(PendingTransaction transaction, int change)
    {
        if (transaction.Producer is { } holder)
        {
            holder.Id.InFlight += change;
        }

        foreach (TopicPartition partition in transaction.Consumed.Keys)
        {
            groups[transaction.Membership!.Group].SlotOf(partition).InFlight += change;
        }
    }

    private void AwaitSettled(Func<bool> settled)
    {
        while (!settled())
        {
            ObjectDisposedException.ThrowIf(closed, typeof(EmbeddedBus));
            if (undecided is not null)
            {
                throw new MessagingTransientException($"the outcome of an earlier commit is not known yet: {undecided}");
            }

            Monitor.Wait(gate);
        }
    }

    private ConsumerGroup GroupOf(string name)
    {
        if (!groups.TryGetValue(name, out ConsumerGroup? group))
        {
            groups.Add(name, group = new ConsumerGroup(name, time));
        }

        return group;
    }
}
