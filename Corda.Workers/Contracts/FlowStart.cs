using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>What began a flow.</summary>
[MemoryPackable]
[MemoryPackUnion(0, typeof(ClientStart))]
[MemoryPackUnion(1, typeof(SessionStart))]
public abstract partial record FlowStart;

/// <summary>A client asked for it.</summary>
/// <param name="ClientRequestId">The client's idempotency key.</param>
/// <param name="Fingerprint">Tells a repeated start from another one under the same key: <see cref="StartFingerprint"/>.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record ClientStart(
    [property: MemoryPackOrder(0)] string ClientRequestId,
    [property: MemoryPackOrder(1)] string Fingerprint) : FlowStart;

/// <summary>A counterparty opened a session.</summary>
/// <param name="SessionId">The session.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionStart([property: MemoryPackOrder(0)] SessionId SessionId) : FlowStart;
