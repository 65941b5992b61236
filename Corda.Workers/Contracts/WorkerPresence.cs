using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>
/// A worker process, as it says of itself: on every change and with every beat. Topic <c>worker.presence</c>, keyed by worker id (UTF-8), compacted; a worker
/// that ends in good order removes it.
/// </summary>
/// <param name="WorkerId">Unique among the workers of the cluster.</param>
/// <param name="StartedAt">When the process began: with the id it tells this life of the worker from an earlier one.</param>
/// <param name="Beat">Rises with every presence of one life.</param>
/// <param name="Phase">Whether it works or is about to end.</param>
/// <param name="Version">The version of the program.</param>
/// <param name="Roles">What it does, lower case.</param>
/// <param name="Host">The network that a loopback address belongs to.</param>
/// <param name="LivenessAddress">Where it can be watched: <c>host:port</c>; empty for nowhere.</param>
/// <param name="TransactionalIds">Under these it may have open transactions.</param>
/// <param name="Members">As these it is in consumer groups.</param>
/// <param name="StandbyLag">How many records its warm copies of other workers' states are behind; null where it keeps none.</param>
/// <param name="Evicting">The lives of workers that it is evicting at this moment: nobody else need.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record WorkerPresence(
    [property: MemoryPackOrder(0)] string WorkerId,
    [property: MemoryPackOrder(1), UtcTicks] DateTimeOffset StartedAt,
    [property: MemoryPackOrder(2)] long Beat,
    [property: MemoryPackOrder(3)] WorkerPhase Phase,
    [property: MemoryPackOrder(4)] string Version,
    [property: MemoryPackOrder(5)] string[] Roles,
    [property: MemoryPackOrder(6)] string Host,
    [property: MemoryPackOrder(7)] string LivenessAddress,
    [property: MemoryPackOrder(8)] string[] TransactionalIds,
    [property: MemoryPackOrder(9)] PresentMember[] Members,
    [property: MemoryPackOrder(10)] long? StandbyLag,
    [property: MemoryPackOrder(11)] string[] Evicting);

/// <summary>A worker's membership of a consumer group.</summary>
/// <param name="Group">The group.</param>
/// <param name="MemberId">The member, as the group knows it.</param>
/// <param name="Partitions">What it owns.</param>
/// <param name="LastCommitAt">When it last committed; null for not yet.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record PresentMember(
    [property: MemoryPackOrder(0)] string Group,
    [property: MemoryPackOrder(1)] string MemberId,
    [property: MemoryPackOrder(2)] PresentPartition[] Partitions,
    [property: MemoryPackOrder(3), UtcTicksOrNone] DateTimeOffset? LastCommitAt);

/// <summary>A partition of a topic.</summary>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record PresentPartition([property: MemoryPackOrder(0)] string Topic, [property: MemoryPackOrder(1)] int Partition);

/// <summary>Where a worker is in its life.</summary>
public enum WorkerPhase : byte
{
    /// <summary>At work.</summary>
    Running,

    /// <summary>It takes nothing new, ends what it has begun, and goes.</summary>
    Draining,
}
