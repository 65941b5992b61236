using System.Diagnostics;
using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Contracts;

namespace Corda.Workers.Cluster;

/// <summary>A worker, and how it is known to be there.</summary>
/// <param name="Presence">What it says of itself.</param>
/// <param name="Evidence">How it is known.</param>
/// <param name="HeardAt">When it last said so.</param>
internal sealed record KnownWorker(WorkerPresence Presence, Evidence Evidence, DateTimeOffset HeardAt)
{
    public static KnownWorker Of(Peer peer) => new(
        peer.Presence,
        peer.Verdict switch
        {
            Verdict.Connected => Evidence.Connection,
            Verdict.Unknown => Evidence.Beats,
            Verdict.Suspect => Evidence.Suspected,
            Verdict.Dead => Evidence.Dead,
            _ => throw new UnreachableException($"Verdict {peer.Verdict}"),
        },
        peer.HeardAt);
}

/// <summary>How a worker is known to be there, or not.</summary>
internal enum Evidence
{
    /// <summary>It is the one that answers.</summary>
    Self,

    /// <summary>A connection to its process stands.</summary>
    Connection,

    /// <summary>Its beats are heard; its process cannot be watched from here.</summary>
    Beats,

    /// <summary>The connection broke, and nothing answers.</summary>
    Suspected,

    /// <summary>Its process is gone; it is about to be evicted.</summary>
    Dead,
}
