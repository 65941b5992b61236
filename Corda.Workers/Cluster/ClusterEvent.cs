using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Contracts;

namespace Corda.Workers.Cluster;

/// <summary>What can happen to the picture that a worker has of the others.</summary>
internal abstract record ClusterEvent
{
    private ClusterEvent()
    {
    }

    /// <summary>All presences there are, at the start and whenever the reader had to begin anew.</summary>
    public sealed record Snapshot(IReadOnlyList<WorkerPresence> Presences) : ClusterEvent;

    /// <summary>A worker has said that it is there.</summary>
    public sealed record Seen(WorkerPresence Presence) : ClusterEvent;

    /// <summary>A worker's presence was taken away, by itself or by whoever evicted it.</summary>
    public sealed record Removed(string WorkerId) : ClusterEvent;

    /// <summary>A watch has come to a verdict.</summary>
    public sealed record Judged(WorkerIdentity Worker, Verdict Verdict, string Reason) : ClusterEvent;

    /// <summary>The time has come to look for silent workers.</summary>
    public sealed record Tick : ClusterEvent;

    /// <summary>It is this worker's turn to evict another, if nobody else has.</summary>
    public sealed record EvictionDue(WorkerIdentity Worker, string Reason) : ClusterEvent;
}
