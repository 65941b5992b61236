namespace Corda.Workers.Messaging.Bus;

/// <summary>What a process holds on the bus: what others must end for it, should it die.</summary>
/// <param name="TransactionalIds">Every id it has opened. Also one that is closed now may have left a transaction whose outcome nobody has seen.</param>
/// <param name="Members">As these it is in groups.</param>
public sealed record BusHoldings(IReadOnlyList<string> TransactionalIds, IReadOnlyList<HeldMembership> Members);

/// <summary>A membership and what it brings.</summary>
/// <param name="Member">The member.</param>
/// <param name="Partitions">What it owns.</param>
/// <param name="LastCommitAt">When it last committed offsets; null for not yet.</param>
public sealed record HeldMembership(GroupMemberId Member, IReadOnlyList<TopicPartition> Partitions, DateTimeOffset? LastCommitAt);
