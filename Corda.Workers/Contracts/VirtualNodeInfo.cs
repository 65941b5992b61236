using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>A virtual node of this cluster. Topic <c>virtual.node.info</c>, keyed by short hash (UTF-8), compacted.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="Cpi">The flow packages it runs, as one installable unit.</param>
/// <param name="FlowStartActive">Whether new flows may start.</param>
/// <param name="CreatedAt">Since when it exists.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record VirtualNodeInfo(
    [property: MemoryPackOrder(0)] HoldingIdentity Identity,
    [property: MemoryPackOrder(1)] CpiInfo Cpi,
    [property: MemoryPackOrder(2)] bool FlowStartActive,
    [property: MemoryPackOrder(3), UtcTicks] DateTimeOffset CreatedAt);

/// <summary>A set of flow packages under one name and version.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="PackageHashes">Content hashes (SHA-256, hex) of its packages.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record CpiInfo(
    [property: MemoryPackOrder(0)] string Name,
    [property: MemoryPackOrder(1)] string Version,
    [property: MemoryPackOrder(2)] string[] PackageHashes);
