namespace Corda.Workers.Cluster;

/// <summary>How the workers of a cluster know of each other. Section <c>Corda:Cluster</c>. Without effect on an embedded bus, which has one process.</summary>
internal sealed record ClusterOptions
{
    /// <summary>
    /// How often a worker says that it is there. Default 500 ms: half of the accuracy with which silence is told, for two small records a second.
    /// </summary>
    public TimeSpan BeatInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A worker that has been silent for so long, while others were heard, is evicted: its host or its network is lost, or it stands still. Default 10 s, as the
    /// session timeout of the groups, which by then has moved its partitions: what is left to do is to end its transactions.
    /// </summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How workers watch each other's processes.</summary>
    public LivenessOptions Liveness { get; init; } = new();

    /// <summary>What happens to a worker that has died.</summary>
    public EvictionOptions Eviction { get; init; } = new();
}

/// <summary>How workers watch each other's processes. Section <c>Corda:Cluster:Liveness</c>.</summary>
internal sealed record LivenessOptions
{
    /// <summary>
    /// Where this worker can be watched: an IP address and a port, 0 for any. Default <c>127.0.0.1:0</c>: by the workers of this host. Any address but a loopback
    /// one needs the three files below.
    /// </summary>
    public string Listen { get; init; } = "127.0.0.1:0";

    /// <summary>What the others are told to connect to, <c>host</c> or <c>host:port</c>. Default where this worker listens.</summary>
    public string? Advertise { get; init; }

    /// <summary>This worker's certificate, PEM. With it connections are mutual TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>The private key of the certificate, PEM.</summary>
    public string? Key { get; init; }

    /// <summary>The authority, PEM, whose certificates all workers of the cluster have, and nobody else.</summary>
    public string? Authority { get; init; }
}

/// <summary>What happens to a worker that has died. Section <c>Corda:Cluster:Eviction</c>.</summary>
internal sealed record EvictionOptions
{
    /// <summary>
    /// Whether the survivors end a dead worker's transactions and memberships for it. Default yes. Without, the group's session timeout and the transactions'
    /// timeout decide.
    /// </summary>
    public bool Enabled { get; init; } = true;
}
