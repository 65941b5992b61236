using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>An operation on which a flow is parked.</summary>
/// <param name="OperationId">Its id within the flow.</param>
/// <param name="For">What ends it.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record PendingOperation([property: MemoryPackOrder(0)] int OperationId, [property: MemoryPackOrder(1)] WaitingFor For);

/// <summary>What ends a pending operation.</summary>
[MemoryPackable]
[MemoryPackUnion(0, typeof(WaitForData))]
[MemoryPackUnion(1, typeof(WaitForCounterpartyInfo))]
[MemoryPackUnion(2, typeof(WaitForClose))]
[MemoryPackUnion(3, typeof(WaitForWakeup))]
public abstract partial record WaitingFor
{
    /// <summary>When it ends at the latest: a timer that fires, or a deadline that is missed.</summary>
    public abstract DateTimeOffset DueAt();

    /// <summary>The sessions that must stay known until it ends.</summary>
    public virtual IEnumerable<SessionId> OnSessions() => [];
}

/// <summary>A payload comes on a session.</summary>
/// <param name="Session">The session.</param>
/// <param name="Deadline">When the receive gives up.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record WaitForData(
    [property: MemoryPackOrder(0)] SessionId Session,
    [property: MemoryPackOrder(1), UtcTicks] DateTimeOffset Deadline) : WaitingFor
{
    /// <inheritdoc/>
    public override DateTimeOffset DueAt() => Deadline;

    /// <inheritdoc/>
    public override IEnumerable<SessionId> OnSessions() => [Session];
}

/// <summary>The counterparty agrees to a session.</summary>
/// <param name="Session">The session.</param>
/// <param name="Deadline">When the wait gives up.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record WaitForCounterpartyInfo(
    [property: MemoryPackOrder(0)] SessionId Session,
    [property: MemoryPackOrder(1), UtcTicks] DateTimeOffset Deadline) : WaitingFor
{
    /// <inheritdoc/>
    public override DateTimeOffset DueAt() => Deadline;

    /// <inheritdoc/>
    public override IEnumerable<SessionId> OnSessions() => [Session];
}

/// <summary>The counterparties close their sides of sessions.</summary>
/// <param name="Sessions">The sessions.</param>
/// <param name="Deadline">When the wait gives up.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record WaitForClose(
    [property: MemoryPackOrder(0)] SessionId[] Sessions,
    [property: MemoryPackOrder(1), UtcTicks] DateTimeOffset Deadline) : WaitingFor
{
    /// <inheritdoc/>
    public override DateTimeOffset DueAt() => Deadline;

    /// <inheritdoc/>
    public override IEnumerable<SessionId> OnSessions() => Sessions;
}

/// <summary>Time passes.</summary>
/// <param name="At">Until when.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record WaitForWakeup([property: MemoryPackOrder(0), UtcTicks] DateTimeOffset At) : WaitingFor
{
    /// <inheritdoc/>
    public override DateTimeOffset DueAt() => At;
}
