using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>What a flow worker keeps under a flow id. Topic <c>flow.event.state</c>; no record: there is no such flow, or not any more.</summary>
[MemoryPackable]
[MemoryPackUnion(0, typeof(RunningFlow))]
[MemoryPackUnion(1, typeof(FinishedFlow))]
[MemoryPackUnion(2, typeof(EarlySession))]
public abstract partial record Checkpoint
{
    /// <summary>When the flow wants to be looked at although nothing has come; null for never.</summary>
    public abstract DateTimeOffset? DueAt();
}

/// <summary>A flow under way: everything that another worker needs to go on with it.</summary>
/// <param name="FlowId">The flow.</param>
/// <param name="Start">What began it.</param>
/// <param name="Identity">The virtual node in whose name it runs.</param>
/// <param name="FlowClassName">The full name of the class.</param>
/// <param name="PackageHash">The package it began with and ends with.</param>
/// <param name="Frames">Its saved frames.</param>
/// <param name="Waiting">What it is parked on, oldest operation first.</param>
/// <param name="Sessions">Its sessions, oldest first.</param>
/// <param name="SessionsOpened">How many sessions it has opened; numbers the next one.</param>
/// <param name="SuspendCount">How often it was saved.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When it was saved last.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record RunningFlow(
    [property: MemoryPackOrder(0)] FlowId FlowId,
    [property: MemoryPackOrder(1)] FlowStart Start,
    [property: MemoryPackOrder(2)] HoldingIdentity Identity,
    [property: MemoryPackOrder(3)] string FlowClassName,
    [property: MemoryPackOrder(4)] string PackageHash,
    [property: MemoryPackOrder(5)] byte[] Frames,
    [property: MemoryPackOrder(6)] PendingOperation[] Waiting,
    [property: MemoryPackOrder(7)] SessionState[] Sessions,
    [property: MemoryPackOrder(8)] int SessionsOpened,
    [property: MemoryPackOrder(9)] int SuspendCount,
    [property: MemoryPackOrder(10), UtcTicks] DateTimeOffset CreatedAt,
    [property: MemoryPackOrder(11), UtcTicks] DateTimeOffset UpdatedAt) : Checkpoint
{
    /// <summary>The frames as live objects, for the next step on the same worker. Not part of the bytes.</summary>
    [MemoryPackIgnore]
    internal LiveSlot Live { get; init; } = new(null);

    /// <inheritdoc/>
    public override DateTimeOffset? DueAt() => Waiting.Length == 0 ? null : Waiting.Min(operation => operation.For.DueAt());
}

/// <summary>
/// A flow that has ended. Stays for a while as the authority on repeated starts and late session events, and small: what the client may ask for
/// (result, error, fingerprint of the start) stands in the flow's last status, which was committed with this record and stays as long.
/// </summary>
/// <param name="State">How it ended.</param>
/// <param name="Sessions">How far its sessions had come.</param>
/// <param name="ExpiresAt">When this record goes.</param>
/// <param name="HasStatus">Whether a client started it: its status goes with this record.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record FinishedFlow(
    [property: MemoryPackOrder(0)] FlowState State,
    [property: MemoryPackOrder(2)] FinishedSession[] Sessions,
    [property: MemoryPackOrder(3), UtcTicks] DateTimeOffset ExpiresAt,
    [property: MemoryPackOrder(4)] bool HasStatus) : Checkpoint
{
    /// <inheritdoc/>
    public override DateTimeOffset? DueAt() => ExpiresAt;
}

/// <summary>How far a session of an ended flow had come: what it had received is a duplicate when it comes again.</summary>
/// <param name="Id">The session.</param>
/// <param name="ReceivedLast">The last sequence number taken in order.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record FinishedSession(
    [property: MemoryPackOrder(0)] SessionId Id,
    [property: MemoryPackOrder(1)] int ReceivedLast);

/// <summary>Session events that have overtaken the <see cref="SessionInit"/> which starts the responder. Kept until it comes, or until it is given up.</summary>
/// <param name="Events">In the order of their coming, no sequence number twice.</param>
/// <param name="ExpiresAt">When their senders are told that there is no such session.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record EarlySession(
    [property: MemoryPackOrder(0)] SessionEvent[] Events,
    [property: MemoryPackOrder(1), UtcTicks] DateTimeOffset ExpiresAt) : Checkpoint
{
    /// <inheritdoc/>
    public override DateTimeOffset? DueAt() => ExpiresAt;
}
