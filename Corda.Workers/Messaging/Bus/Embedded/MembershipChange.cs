namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>What a member has to do, as the coordinator tells it at each poll: one thing at a time, until there is none.</summary>
internal abstract record MembershipChange
{
    private MembershipChange()
    {
    }

    /// <summary>Nothing.</summary>
    public sealed record None : MembershipChange
    {
        public static readonly None Instance = new();
    }

    /// <summary>It is not a member any more.</summary>
    public sealed record Evicted : MembershipChange;

    /// <summary>Let go of these, then <see cref="GroupCoordinator.Release"/> them.</summary>
    public sealed record Revoke(IReadOnlyList<TopicPartition> Partitions) : MembershipChange;

    /// <summary>These are the member's already; it begins at the offsets.</summary>
    public sealed record Assign(IReadOnlyDictionary<TopicPartition, long> Offsets) : MembershipChange;
}
