using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>What happens to a flow. Topic <c>flow.event</c>, keyed by flow id.</summary>
[MemoryPackable]
[MemoryPackUnion(0, typeof(StartFlow))]
[MemoryPackUnion(1, typeof(SessionEvent))]
[MemoryPackUnion(2, typeof(KillFlow))]
public abstract partial record FlowEvent;

/// <summary>A client starts a flow.</summary>
/// <param name="Identity">The virtual node that runs it.</param>
/// <param name="ClientRequestId">The client's idempotency key.</param>
/// <param name="FlowClassName">The full name of the class.</param>
/// <param name="RequestBody">The request as JSON.</param>
/// <param name="RequestedAt">When the client asked.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record StartFlow(
    [property: MemoryPackOrder(0)] HoldingIdentity Identity,
    [property: MemoryPackOrder(1)] string ClientRequestId,
    [property: MemoryPackOrder(2)] string FlowClassName,
    [property: MemoryPackOrder(3)] string RequestBody,
    [property: MemoryPackOrder(4), UtcTicks] DateTimeOffset RequestedAt) : FlowEvent
{
    /// <summary>The flow's id.</summary>
    [MemoryPackIgnore]
    public FlowId FlowId => FlowId.OfClientStart(Identity.ShortHash, ClientRequestId);
}

/// <summary>An operator kills a flow.</summary>
/// <param name="Reason">For people.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record KillFlow([property: MemoryPackOrder(0)] string Reason) : FlowEvent;
