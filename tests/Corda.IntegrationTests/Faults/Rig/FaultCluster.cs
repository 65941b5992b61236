using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Corda.FaultFlows;
using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Support;
using Corda.Tests.Cluster;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>What a cluster is made of.</summary>
internal sealed record FaultClusterSettings
{
    /// <summary>Flow workers.</summary>
    public int Flows { get; init; } = 3;

    /// <summary>1, with a proxy for every flow worker, or 3.</summary>
    public int Brokers { get; init; } = 1;

    /// <summary>Whether the others watch each flow worker through a gate that can be closed.</summary>
    public bool Gates { get; init; }

    /// <summary>How its flow workers are bad.</summary>
    public Mutant Mutant { get; init; }

    /// <summary>The share of its flow workers' commits that fail without anybody's fault, 0 to 1.</summary>
    public double Trouble { get; init; }

    /// <summary>Further settings of every process.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>After so much silence the brokers give a worker up.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>After so long the brokers abort what is open.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A broker, one process with rpc and db, and flow workers, each a process behind a proxy of its own. Everything dies with the test.</summary>
internal sealed class FaultCluster : IAsyncDisposable
{
    /// <summary>The group of all flow workers.</summary>
    public const string FlowGroup = "flow-worker";

    private const int Partitions = 6;
    private const int RoundsMax = 10;
    private readonly string folder = Directory.CreateTempSubdirectory("corda-faults-").FullName;
    private readonly FaultClusterSettings settings;
    private readonly int seed;
    private readonly List<FlowProcess> flows = [];
    private readonly HashSet<Violation> reported = [];
    private RestEdge? edge;

    private FaultCluster(FaultClusterSettings settings, FaultBroker broker, int seed)
    {
        (this.settings, Broker, this.seed) = (settings, broker, seed);
        Directory.CreateDirectory(LedgerFolder);
        EdgeProcess = Process("edge", "rpc,db", broker.Bootstrap, new Dictionary<string, string>());
        for (int i = 0; i < settings.Flows; i++) AddFlowProcess();
    }

    public FaultBroker Broker { get; }

    public HostProcess EdgeProcess { get; }

    public IReadOnlyList<FlowProcess> Flows => flows;

    public IClusterEdge Edge => edge!;

    /// <summary>Who puts it under load.</summary>
    public FaultRun? Load { private get; set; }

    public TimeSpan SessionTimeout => settings.SessionTimeout;

    public TimeSpan TransactionTimeout => settings.TransactionTimeout;

    private string LedgerFolder => Path.Combine(folder, "ledger");

    private LogDump Dump => new(Broker.Bootstrap);

    public static async Task<FaultCluster> StartAsync(FaultClusterSettings settings, int seed)
    {
        FaultBroker broker = settings.Brokers == 1 ? FaultBroker.StartOne(settings.Flows, seed) : FaultBroker.StartThree();
        var cluster = new FaultCluster(settings, broker, seed);
        try
        {
            // The edge makes the topics; all others may come at once.
            await cluster.EdgeProcess.StartReadyAsync();
            foreach (FlowProcess flow in cluster.flows) flow.Host.Start();
            await cluster.ReadyAsync();
            cluster.edge = await RestEdge.OfAsync(cluster.EdgeProcess);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>As <see cref="RepairAsync"/>, for a test of its own: what one that has failed left of its load ends, too.</summary>
    public async Task RenewAsync()
    {
        if (Load is not null) await Load.StopAsync();
        await RepairAsync();
    }

    /// <summary>Ends whoever was added, starts whoever is dead, brokers included, heals all networks, and waits until everybody is ready.</summary>
    public async Task RepairAsync()
    {
        Broker.Repair();
        while (flows.Count > settings.Flows)
        {
            flows[^1].Dispose();
            flows.RemoveAt(flows.Count - 1);
        }

        foreach (FlowProcess flow in flows)
        {
            flow.Disarm();
            flow.Proxy?.Heal();
            if (flow.Host.HasExited) flow.Host.Start();
        }

        if (EdgeProcess.HasExited) EdgeProcess.Start();
        await ReadyAsync();
    }

    /// <summary>What a supervisor does, until told otherwise.</summary>
    public async Task RestartTheDeadAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (FlowProcess dead in flows.Where(flow => flow.Host.HasExited)) dead.Host.Start();
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>One more flow worker, on the straight way to the broker; not started.</summary>
    public FlowProcess AddFlowProcess()
    {
        int number = flows.Count;
        string crashFile = Path.Combine(folder, $"crash-{number}");
        Proxy.ChaosProxy? proxy = Broker.Proxies.ElementAtOrDefault(number);
        string bootstrap = proxy is null ? Broker.Bootstrap : $"127.0.0.1:{proxy.Port}";
        var environment = new Dictionary<string, string>
        {
            [Ledger.FolderVariable] = LedgerFolder,
            [FaultSettings.CrashFileVariable] = crashFile,
            [FaultSettings.MutantVariable] = settings.Mutant.ToString(),
            [FaultSettings.TroubleVariable] = settings.Trouble.ToString(CultureInfo.InvariantCulture),
            [FaultSettings.SeedVariable] = $"{seed + number}",
        };
        Gate? gate = settings.Gates ? new Gate { Target = new IPEndPoint(IPAddress.Loopback, HostProcess.FreePort()) } : null;
        string[] watched = gate is null ? [] : [$"--Corda:Cluster:Liveness:Listen={gate.Target}", $"--Corda:Cluster:Liveness:Advertise={gate.Address}"];
        var flow = new FlowProcess($"flow-{number}", Process($"flow-{number}", "flow", bootstrap, environment, watched), proxy, gate, crashFile);
        flows.Add(flow);
        return flow;
    }

    public Task ReadyAsync() => Task.WhenAll([EdgeProcess.WaitReadyAsync(), .. flows.Where(flow => !flow.Host.HasExited).Select(flow => flow.Host.WaitReadyAsync())]);

    /// <summary>Everything that the oracle looks at, taken while nothing changes. Where something always does, it is judged as it is: that alone is a violation.</summary>
    public Evidence Evidence(IReadOnlyList<StartHistory> starts)
    {
        Dictionary<TopicPartition, IReadOnlyList<RawBatch>> batches = Batches();
        for (int round = 1; ; round++)
        {
            Dictionary<TopicPartition, IReadOnlyList<RawBatch>> before = batches;
            var log = new CommittedRecords(Dump.Read([.. before.Keys], (partition, offset) => Writer(before[partition], offset)));
            IReadOnlyDictionary<TopicPartition, long> lag = Lag(log, before);
            batches = Batches();
            if (round == RoundsMax || before.All(partition => batches[partition.Key].Count == partition.Value.Count))
            {
                return new Evidence(starts, EffectLedger.Read(LedgerFolder), log, before, lag);
            }
        }
    }

    /// <summary>Whether the group has committed all events and no transaction is open.</summary>
    public bool AtRest()
    {
        Dictionary<TopicPartition, IReadOnlyList<RawBatch>> batches = Batches();
        var nothing = new CommittedRecords([]);
        return !RestInvariant.Check(new Evidence([], EffectLedger.Of([]), nothing, batches, Lag(nothing, batches))).Any();
    }

    /// <summary>What the oracle finds wrong, but for what it has said before: several tests may share a cluster and its log.</summary>
    public IReadOnlyList<Violation> NewViolations(Evidence evidence) => [.. Invariants.Check(evidence).Where(reported.Add)];

    /// <summary>The last that every process has said, for a failure message.</summary>
    public string Said(int charsMax = 1500) => string.Join("\n", flows.Select(flow => (flow.Name, flow.Host)).Append(("edge", EdgeProcess))
        .Select(one => $"--- {one.Item1}{(one.Item2.HasExited ? " (dead)" : "")}\n{one.Item2.Output[^Math.Min(charsMax, one.Item2.Output.Length)..]}"));

    /// <summary>Who has which partition, by the broker's account, and what every process thinks of itself.</summary>
    public async Task<string> StandingAsync()
    {
        var standing = new StringBuilder(Broker.Tool("consumer-groups", "--bootstrap-server", Broker.Bootstrap, "--describe", "--group", FlowGroup));
        foreach (FlowProcess flow in flows.Where(flow => !flow.Host.HasExited))
        {
            using HttpResponseMessage health = await flow.Host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            standing.AppendLine($"{flow.Name}: {await health.Content.ReadAsStringAsync()}");
        }

        return standing.ToString();
    }

    /// <summary>Whether this worker has all events for itself, as it has told the cluster.</summary>
    public async Task<bool> OwnsAllAsync(FlowProcess worker)
    {
        JsonNode topology = (await EdgeProcess.Client.GetFromJsonAsync<JsonNode>(new Uri("/api/v1/cluster/topology", UriKind.Relative)))!;
        JsonNode? self = topology["workers"]!.AsArray().FirstOrDefault(one => (string?)one!["workerId"] == worker.WorkerId);
        return self?["lanes"]!.AsArray().Sum(lane => lane!["partitions"]![Topics.FlowEvent.Name]?.AsArray().Count ?? 0) == Partitions;
    }

    /// <summary>A record that is no event, on a partition of the events.</summary>
    public Task PoisonAsync(int partition, byte[] key, byte[] value) => Dump.PoisonAsync(new TopicPartition(Topics.FlowEvent.Name, partition), key, value);

    public async ValueTask DisposeAsync()
    {
        foreach (FlowProcess flow in flows) flow.Dispose();
        EdgeProcess.Dispose();
        await Broker.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string? Writer(IReadOnlyList<RawBatch> batches, long offset) => batches.FirstOrDefault(batch => batch.First <= offset && offset <= batch.Last)?.Writer;

    // Of each partition the copy that goes furthest: another may be behind its leader for a while, most of all one that has just come back.
    private Dictionary<TopicPartition, IReadOnlyList<RawBatch>> Batches() => Broker.DataFolders
        .SelectMany(static folder => RawLog.Read(folder, CommittedRecords.TopicNames))
        .GroupBy(static copy => copy.Key, static copy => copy.Value)
        .ToDictionary(static copies => copies.Key, static copies => copies.MaxBy(static copy => copy.Count > 0 ? copy[^1].Last : -1)!);

    // Markers and aborted records take offsets, too: what counts is data behind the committed position.
    private Dictionary<TopicPartition, long> Lag(CommittedRecords log, IReadOnlyDictionary<TopicPartition, IReadOnlyList<RawBatch>> batches)
    {
        TopicPartition[] events = [.. batches.Keys.Where(partition => partition.Topic == Topics.FlowEvent.Name)];
        IReadOnlyDictionary<TopicPartition, long> committed = Dump.Committed(FlowGroup, events);
        return events.ToDictionary(
            partition => partition,
            partition => ReadInvariant.Committed(batches[partition]).LongCount(offset => offset >= committed[partition]));
    }

    private HostProcess Process(string name, string roles, string bootstrap, IReadOnlyDictionary<string, string> environment, params string[] more)
    {
        string here = AppContext.BaseDirectory;
        string[] arguments =
        [
            $"--Corda:Roles={roles}",
            "--Corda:Bus:Type=Kafka",
            $"--Corda:Bus:Kafka:BootstrapServers={bootstrap}",
            $"--Corda:Bus:Kafka:Partitions={Partitions}",
            $"--Corda:Bus:Kafka:SessionTimeout={settings.SessionTimeout}",
            $"--Corda:Bus:Kafka:TransactionTimeout={settings.TransactionTimeout}",
            "--Corda:Rpc:ConfirmTimeout=00:00:05",
            $"--Corda:Rpc:UnconfirmedStartsMax={2 * FaultRun.Clients}",
            $"--Corda:Network:FlowPackages:0={Path.Combine(here, "Corda.FaultFlows.dll")}",
            .. new[] { Workload.Alice, Workload.Bob, Workload.Charlie }.Select((node, i) => $"--Corda:Network:VirtualNodes:{i}={node}"),
            .. settings.Settings,
            .. more,
        ];
        return new HostProcess(Path.Combine(folder, name), arguments) { Assembly = Path.Combine(here, "Corda.FaultHost.dll"), Environment = environment };
    }
}
