namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Decides who shall own which partition: balanced (two members that could swap partitions differ by at most one) and sticky (no partition moves
/// that need not). The same input gives the same answer.
/// </summary>
internal static class StickyAssignor
{
    /// <summary>Assigns all partitions for which there is a member.</summary>
    /// <param name="partitions">The partitions, each with its owner of now, or null; in a fixed order.</param>
    /// <param name="members">The members, in the order of joining.</param>
    public static Dictionary<TopicPartition, GroupMember> Assign(
        IReadOnlyCollection<KeyValuePair<TopicPartition, GroupMember?>> partitions, IReadOnlyList<GroupMember> members)
    {
        Dictionary<GroupMember, List<TopicPartition>> shares = members.ToDictionary(m => m, _ => new List<TopicPartition>());
        foreach ((TopicPartition partition, GroupMember? owner) in partitions)
        {
            if (owner is not null && shares.TryGetValue(owner, out List<TopicPartition>? share))
            {
                share.Add(partition);
            }
        }

        foreach (TopicPartition partition in partitions.Where(p => p.Value is null || !shares.ContainsKey(p.Value)).Select(p => p.Key))
        {
            if (LeastLoaded(partition.Topic, shares, members) is { } member)
            {
                shares[member].Add(partition);
            }
        }

        while (MoveOne(shares, members))
        {
            // Each move makes the sum of the squares of the shares smaller, so there is an end.
        }

        return shares.SelectMany(s => s.Value.Select(p => (Partition: p, Member: s.Key))).ToDictionary(x => x.Partition, x => x.Member);
    }

    /// <summary>Moves a partition from a member to one with at least two fewer, from the most loaded member first.</summary>
    private static bool MoveOne(Dictionary<GroupMember, List<TopicPartition>> shares, IReadOnlyList<GroupMember> members)
    {
        foreach (GroupMember from in members.OrderByDescending(m => shares[m].Count))
        {
            List<TopicPartition> share = shares[from];
            for (int i = share.Count - 1; i >= 0; i--)
            {
                GroupMember to = LeastLoaded(share[i].Topic, shares, members)!;
                if (shares[to].Count + 1 < share.Count)
                {
                    shares[to].Add(share[i]);
                    share.RemoveAt(i);
                    return true;
                }
            }
        }

        return false;
    }

    private static GroupMember? LeastLoaded(
        string topic, Dictionary<GroupMember, List<TopicPartition>> shares, IReadOnlyList<GroupMember> members) =>
        members.Where(m => m.Topics.Contains(topic)).MinBy(m => shares[m].Count);
}
