using Corda.Workers.Rpc;

namespace Corda.Workers;

/// <summary>All of the configuration: section <c>Corda</c>. Read once at start; a key that is not here is refused.</summary>
internal sealed record CordaOptions
{
    /// <summary>
    /// Where everything durable lives: the bus, the databases, copies of the flow packages. Relative paths start at the current folder. One process at
    /// a time may use it. Default <c>./data</c>.
    /// </summary>
    public string DataFolder { get; init; } = "./data";

    /// <summary>What this process does: some of rpc, flow, db, with commas between. Default all of them.</summary>
    public string Roles { get; init; } = "rpc, flow, db";

    /// <summary>How the roles reach each other.</summary>
    public BusOptions Bus { get; init; } = new();

    /// <summary>The virtual nodes.</summary>
    public NetworkOptions Network { get; init; } = new();

    /// <summary>The rpc role.</summary>
    public RpcOptions Rpc { get; init; } = new();

    /// <summary>How health is judged.</summary>
    public HealthOptions Health { get; init; } = new();
}

/// <summary>How the roles reach each other. Section <c>Corda:Bus</c>.</summary>
internal sealed record BusOptions
{
    /// <summary>Which bus. Default the embedded one, which needs nothing installed.</summary>
    public BusType Type { get; init; } = BusType.Embedded;

    /// <summary>
    /// Partitions of each topic: the most that can be worked on at once, over all workers of a role. Default 8: several lanes for every core of a small
    /// machine. Fixed when the data folder is made; routing depends on it.
    /// </summary>
    public int Partitions { get; init; } = 8;
}

/// <summary>The kinds of bus there are.</summary>
internal enum BusType
{
    /// <summary>A file in the data folder: durable, for one process.</summary>
    Embedded,

    /// <summary>Memory: everything is gone with the process. For tests.</summary>
    InMemory,
}

/// <summary>How health is judged. Section <c>Corda:Health</c>.</summary>
internal sealed record HealthOptions
{
    /// <summary>
    /// A loop that has not come round for so long counts as dead. Default 30 s: far above any healthy round, and an orchestrator that restarts the
    /// process by it does not do so for a slow disk.
    /// </summary>
    public TimeSpan ProgressTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
