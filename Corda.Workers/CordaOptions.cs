using Corda.Workers.Cluster;
using Corda.Workers.Flow;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Kafka;
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

    /// <summary>The flow role.</summary>
    public FlowOptions Flow { get; init; } = new();

    /// <summary>The rpc role.</summary>
    public RpcOptions Rpc { get; init; } = new();

    /// <summary>This process among the others.</summary>
    public WorkerOptions Worker { get; init; } = new();

    /// <summary>How the workers know of each other.</summary>
    public ClusterOptions Cluster { get; init; } = new();

    /// <summary>How health is judged.</summary>
    public HealthOptions Health { get; init; } = new();
}

/// <summary>How the roles reach each other. Section <c>Corda:Bus</c>.</summary>
internal sealed record BusOptions
{
    /// <summary>Which bus. Default the embedded one, which needs nothing installed.</summary>
    public BusType Type { get; init; } = BusType.Embedded;

    /// <summary>
    /// Whether a commit reaches the disk before it is acknowledged. Default yes. Without it a power failure may cost the newest commits, and a commit costs
    /// less; the death of the process alone costs nothing either way.
    /// </summary>
    public bool SurvivesPowerLoss { get; init; } = true;

    /// <summary>
    /// The most bytes that the file of the embedded bus may have. Starts beyond are answered 503 until records have gone. Default none: as large as the disk.
    /// </summary>
    public long? FileBytesMax { get; init; }

    /// <summary>The embedded bus, in a file or in memory.</summary>
    public EmbeddedBusOptions Embedded { get; init; } = new();

    /// <summary>The bus on Kafka.</summary>
    public KafkaOptions Kafka { get; init; } = new();
}

/// <summary>The kinds of bus there are.</summary>
internal enum BusType
{
    /// <summary>A file in the data folder: durable, for one process.</summary>
    Embedded,

    /// <summary>Kafka: durable, for as many processes as you like. Needs <c>Corda:Bus:Kafka:BootstrapServers</c>.</summary>
    Kafka,

    /// <summary>Memory: everything is gone with the process. For tests.</summary>
    InMemory,
}

/// <summary>This process among the others. Section <c>Corda:Worker</c>.</summary>
internal sealed record WorkerOptions
{
    /// <summary>
    /// The worker's name, unique in the cluster: letters, digits, dots and dashes. Default the host's name and a suffix that is another with every start. On an embedded
    /// bus always 0.
    /// </summary>
    public string? Id { get; init; }
}

/// <summary>How health is judged. Section <c>Corda:Health</c>.</summary>
internal sealed record HealthOptions
{
    /// <summary>
    /// A loop that has not come round for so long counts as dead. Default 30 s: far above any healthy round, and an orchestrator that restarts the
    /// process by it does not do so for a slow disk.
    /// </summary>
    public TimeSpan ProgressTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Readiness writes a record of its own to the bus when it is asked, but not more often than this. Default 5 s: soon enough to be told before most requests
    /// fail, and a commit in 5 s is nothing.
    /// </summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long that record may take. Default 2 s: orchestrators give a health check little more, and requests should not wait so long either.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
