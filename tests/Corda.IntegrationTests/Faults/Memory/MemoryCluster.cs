using Corda.FaultFlows;
using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Rig;
using Corda.IntegrationTests.Support;
using Corda.Workers;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.IntegrationTests.Faults.Memory;

/// <summary>
/// The real composition several times over one bus in memory, which plays the broker: one worker with rpc and db, and flow workers that die, stand still, come and go. What a
/// mutant does to a run shows here in seconds; the oracle and its invariants are those of the runs with processes.
/// </summary>
internal sealed class MemoryCluster : IAsyncDisposable
{
    private const string FlowGroup = "flow-worker";
    private static readonly TimeSpan MemberTimeout = TimeSpan.FromSeconds(1);
    // Flow code of all clusters of this process writes here; flows of different runs have different ids.
    private static readonly Lazy<string> SharedLedger = new(() =>
    {
        string folder = Directory.CreateTempSubdirectory("corda-ledger-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        Environment.SetEnvironmentVariable(Ledger.FolderVariable, folder);
        return folder;
    });

    private readonly string ledger = SharedLedger.Value;
    private readonly EmbeddedBus broker;
    private readonly RecordingBus recording;
    private readonly Mutant mutant;
    private readonly double trouble;
    private readonly int seed;
    private readonly List<Worker> workers = [];
    private int named;

    public MemoryCluster(Mutant mutant, double trouble, int seed)
    {
        (this.mutant, this.trouble, this.seed) = (mutant, trouble, seed);
        var options = new EmbeddedBusOptions { PartitionCount = 6, MemberTimeout = MemberTimeout };
        broker = new EmbeddedBus(new MemoryLogStore(), options, TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
        recording = new RecordingBus(broker);
    }

    /// <summary>A process that is none.</summary>
    internal sealed record Worker(IHost Host, WorkerLine Line);

    /// <summary>Long enough that a member that says nothing is evicted.</summary>
    public static TimeSpan LongerThanMemberTimeout => MemberTimeout * 1.5;

    public async Task<IClusterEdge> StartEdgeAsync()
    {
        Worker edge = await StartAsync("rpc, db", Mutant.None, 0);
        await Eventually.True(
            () => Task.FromResult(edge.Host.Services.GetRequiredService<WorkerHealth>().Report().Missing.Count == 0),
            () => string.Join(", ", edge.Host.Services.GetRequiredService<WorkerHealth>().Report().Missing));

        // Ready is who has read what there was; the virtual nodes of a new cluster come a moment later.
        VirtualNodeView nodes = edge.Host.Services.GetRequiredService<VirtualNodeView>();
        await Eventually.True(() => Task.FromResult(nodes.All.Count == 3), () => "the virtual nodes of the network are not known");
        return new MemoryEdge(edge.Host.Services);
    }

    public Task<Worker> StartFlowWorkerAsync() => StartAsync("flow", mutant, trouble);

    /// <summary>As SIGKILL: nothing of it reaches the bus any more, and nobody is told.</summary>
    public static void Kill(Worker worker) => worker.Line.Die();

    /// <summary>As SIGTERM.</summary>
    public Task TerminateAsync(Worker worker)
    {
        workers.Remove(worker);
        return worker.Host.StopAsync();
    }

    /// <summary>Everything that the oracle looks at.</summary>
    public Evidence Evidence(IReadOnlyList<StartHistory> starts) =>
        new(starts, EffectLedger.Read(ledger), recording.Committed, Lag: recording.Lag(FlowGroup, Topics.FlowEvent.Name));

    /// <summary>Whether nothing is left to do for the flow workers.</summary>
    public bool AtRest => recording.Lag(FlowGroup, Topics.FlowEvent.Name).Values.All(lag => lag == 0);

    public async ValueTask DisposeAsync()
    {
        foreach (Worker worker in workers) worker.Line.Die();
        await Task.WhenAll(workers.Select(async worker =>
        {
            await worker.Host.StopAsync();
            worker.Host.Dispose();
        }));
        await broker.DisposeAsync();
    }

    private async Task<Worker> StartAsync(string roles, Mutant mutant, double trouble)
    {
        int number = ++named;
        var line = new WorkerLine(recording, $"w{number}");
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddCordaWorkers(Options(roles));
        IMessageBus bus = new FaultSettings(mutant, CrashFile: null, trouble, seed + number).Wrap(line);
        builder.Services.AddSingleton(bus);
        var worker = new Worker(builder.Build(), line);
        workers.Add(worker);
        await worker.Host.StartAsync();
        return worker;
    }

    private static CordaOptions Options(string roles) => new()
    {
        Roles = roles,
        Bus = new BusOptions { Type = BusType.InMemory },
        Network = new NetworkOptions
        {
            VirtualNodes = [Workload.Alice, Workload.Bob, Workload.Charlie],
            FlowPackages = [Path.Combine(AppContext.BaseDirectory, "Corda.FaultFlows.dll")],
        },

        // A start that a mutant has lost before it was acknowledged proves nothing: it must be tried again several times before the run is given up.
        Rpc = new RpcOptions { ConfirmTimeout = TimeSpan.FromSeconds(0.5) },
    };
}
