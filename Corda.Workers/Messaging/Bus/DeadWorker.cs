namespace Corda.Workers.Messaging.Bus;

/// <summary>What a worker that is no more has left on the bus, by what it had published of itself.</summary>
/// <param name="Name">For people.</param>
/// <param name="TransactionalIds">Under these it may have open transactions.</param>
/// <param name="Members">As these it is still in its groups.</param>
public sealed record DeadWorker(string Name, IReadOnlyList<string> TransactionalIds, IReadOnlyList<GroupMemberId> Members);

/// <summary>A member of a group, as the group knows it.</summary>
public sealed record GroupMemberId(string Group, string MemberId);
