using System.Collections.Concurrent;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Tests.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.StateAndEvent;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Corda.Workers.Packaging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Simulation;

/// <summary>How a run is set up; everything that a failure message must name to be repeated.</summary>
/// <param name="Point">The point at which the fault strikes; 0 for none.</param>
/// <param name="Fault">What strikes.</param>
/// <param name="ChainMax">Chained events of one transaction: 0 sends every message over the log.</param>
/// <param name="SameInstance">Whether the successor has the dead worker's transactional ids (fenced by them) or its own (fenced by the group).</param>
/// <param name="Mutant">What is taken away.</param>
/// <param name="Spills">Whether states are in local copies as well, and memory has no room for any. Who comes after a dead worker has what it has left.</param>
public sealed record Setup(int Point, Fault Fault, int ChainMax = 2_000, bool SameInstance = true, Mutant Mutant = Mutant.None, bool Spills = false);

/// <summary>
/// Flow workers over one in-memory bus, with a clock that this class drives and one planned fault. The bus is the broker: it survives the workers.
/// </summary>
internal sealed class SimulatedCluster : FaultyBus.IScene, IAsyncDisposable
{
    private static readonly TimeSpan RealTimeMax = TimeSpan.FromSeconds(30);

    // A mutant that loses work is noticed by this: its flows never end.
    private static readonly TimeSpan RealTimeMaxOfMutants = TimeSpan.FromSeconds(4);

    // Far more than a busy machine lets pass by accident: nobody is evicted but by JumpOverMemberTimeout.
    private static readonly TimeSpan MemberTimeout = TimeSpan.FromMinutes(4);
    private const int TicksUntilAllStand = 10;
    private static readonly FlowPackage Package = Flows();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Setup setup;
    private readonly EmbeddedBus broker;
    private readonly CommittedLog log;
    private readonly LogLines loggers = new();
    private readonly FaultPlan plan;
    private readonly ConcurrentQueue<Action> requests = new();
    private readonly TemporaryFolder copies = new();
    private readonly ManualResetEventSlim zombieMayGoOn = new();
    private readonly List<(ISubscription Subscription, FaultyBus Bus)> workers = [];
    private volatile bool zombieStands;
    private int ticksOfZombie;
    private volatile string? writtenAfterLoss;

    public SimulatedCluster(Setup setup)
    {
        this.setup = setup;
        plan = new FaultPlan(setup.Point, setup.Fault);
        broker = new EmbeddedBus(new MemoryLogStore(), new EmbeddedBusOptions { PartitionCount = 4, MemberTimeout = MemberTimeout }, time, new Logger<EmbeddedBus>(loggers));
        log = new CommittedLog(broker);
        log.EnsureTopics([.. Topics.All.Select(use => new TopicSpec(use.Topic.Name, use.Topic.Cleanup))]);
    }

    public FaultPlan Plan => plan;

    /// <summary>Starts the flows, lets the workers run until all have ended, and answers what the log says.</summary>
    public async Task<Outcome> RunAsync(IReadOnlyList<StartFlow> starts)
    {
        await using IPublisher client = new Subscriptions(new PatternContext(log, "client", time, NullLogger.Instance)).Publisher("client");
        foreach (StartFlow start in starts) await client.PublishAsync(Corda.Workers.Messaging.Record.Of<FlowEvent>(Topics.FlowEvent, start.FlowId.ToKey(), start));

        StartWorker("w1");
        await DriveAsync(starts.Count);
        if (zombieStands)
        {
            // It may have come to stand only when all flows had ended: before it goes on, somebody else must own what it had.
            TakeOver(ticks: TicksUntilAllStand);
            zombieMayGoOn.Set();
            await workers[0].Subscription.DisposeAsync();
        }

        return Read();
    }

    public void Join() => requests.Enqueue(() => StartWorker("w2"));

    public void StandStill()
    {
        zombieStands = true;
    }

    public void AwaitGoOn() => zombieMayGoOn.Wait();

    public void WrittenAfterLoss(string where) => writtenAfterLoss = where;

    public async ValueTask DisposeAsync()
    {
        zombieMayGoOn.Set();
        foreach ((ISubscription subscription, FaultyBus bus) in workers)
        {
            bus.Die();
            await subscription.DisposeAsync();
        }

        await broker.DisposeAsync();
        zombieMayGoOn.Dispose();
        copies.Dispose();
    }

    // Real threads on a clock that is pushed: whoever waits for a time gets it soon, whoever works is not hurried.
    private async Task DriveAsync(int flows)
    {
        TimeSpan limit = setup.Mutant == Mutant.None ? RealTimeMax : RealTimeMaxOfMutants;
        long begin = TimeProvider.System.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (Ended().Count < flows)
        {
            if (TimeProvider.System.GetElapsedTime(begin) > limit)
            {
                throw new TimeoutException($"{setup} ({plan}): only {Ended().Count} of {flows} flows ended at {time.GetUtcNow():HH:mm:ss}. "
                    + string.Join("; ", workers.Select(worker => worker.Subscription.Health))
                    + string.Join("\n", loggers.Lines.TakeLast(60)));
            }

            while (requests.TryDequeue(out Action? request)) request();
            if (zombieStands) TakeOver(ticks: 1);
            if (workers[^1].Bus.Died.Task.IsCompleted) await ReplaceDeadAsync();
            time.Advance(TimeSpan.FromMilliseconds(100));
            await tick.WaitForNextTickAsync();
        }
    }

    // The thread that was struck stands at once, the worker's others at the next thing they want of the bus: only who stands is missing after the member timeout.
    private void TakeOver(int ticks)
    {
        bool wasDue = ticksOfZombie >= TicksUntilAllStand;
        ticksOfZombie += ticks;
        if (wasDue || ticksOfZombie < TicksUntilAllStand) return;
        JumpOverMemberTimeout();
        StartWorker(setup.SameInstance ? "w1" : "w2");
    }

    private async Task ReplaceDeadAsync()
    {
        await workers[^1].Subscription.DisposeAsync();
        JumpOverMemberTimeout();
        StartWorker(setup.SameInstance ? "w1" : "w2");
    }

    private void JumpOverMemberTimeout() => time.Advance(MemberTimeout * 1.5);

    private void StartWorker(string instance)
    {
        var bus = new FaultyBus(log, plan, this);
        IMessageBus seen = setup.Mutant == Mutant.None ? bus : new MutantBus(bus, setup.Mutant);
        var network = new Network();
        var processor = FlowEventProcessor.Create(
            network, network, new FrameStore(), new FlowOptions { AlwaysRestoreFromBytes = setup.Point % 2 == 0 }, time, loggers);
        var settings = new StateAndEventSettings<Checkpoint, FlowEvent>("flow", "flow-worker", Topics.FlowEvent, new ContractCodec<Checkpoint>(), instance)
        {
            ChainMax = setup.ChainMax,
            PollWait = TimeSpan.FromMilliseconds(200),
            // The clock runs a hundred times too fast here; nothing is stuck.
            StepTimeout = TimeSpan.FromHours(10),
            StateCache = setup.Spills ? new StateCache(CopiesOf(instance), bytesMax: 1, time, loggers.CreateLogger(instance)) : null,
        };
        ISubscription subscription = new Subscriptions(new PatternContext(seen, instance, time, loggers.CreateLogger(instance))).StateAndEvent(settings, processor);
        workers.Add((subscription, bus));
        subscription.Start();
    }

    // A zombie still has its files: whoever comes then is another process, with a folder of its own.
    private string CopiesOf(string instance) => copies[setup.Fault == Fault.Zombie ? $"{workers.Count}" : instance];

    private Dictionary<FlowId, List<FlowStatus>> Ended() => log.Of(Topics.FlowStatus.Name)
        .Where(record => record.Value is not null)
        .Select(record => Topics.FlowStatus.Codec.Decode(record.Value!))
        .Where(status => status.State is FlowState.Completed or FlowState.Failed or FlowState.Killed)
        .GroupBy(status => status.FlowId)
        .ToDictionary(group => group.Key, group => group.ToList());

    private Outcome Read() => new(
        Ended().ToDictionary(ended => ended.Key, ended => ended.Value.ConvertAll(status => $"{status.State} {status.Result} {status.Error?.Message}")),
        [.. StateVersions()],
        log.Of(Topics.FlowEvent.Name + ".dlq").Count,
        writtenAfterLoss);

    private IEnumerable<(string Key, long Version)> StateVersions() => log.Of(Topics.FlowEvent.Name + ".state")
        .Where(record => record.Key.Length == 16)
        .Select(record => (Convert.ToHexString(record.Key), record.Value is null ? 0 : StateRecordCodec.Decode(record.Value).Version));

    private static FlowPackage Flows() => new(
        "simulated",
        "1.0",
        new string('b', 64),
        [typeof(Climb).Assembly],
        new[] { typeof(Climb), typeof(Talk) }.ToDictionary(
            type => type.FullName!, type => new StartableFlowDefinition(type.FullName!, type, typeof(Work), typeof(string), null, [])),
        [new ResponderFlowDefinition(typeof(TalkResponder).FullName!, typeof(TalkResponder), "simulated-talk", [1])]);

    /// <summary>Alice, Bob and Charlie run the simulated flows.</summary>
    private sealed class Network : IVirtualNodes, IFlowPackages
    {
        private static readonly HoldingIdentity[] Members = [TestNetwork.Alice, TestNetwork.Bob, TestNetwork.Charlie];

        public IReadOnlyList<FlowPackage> Current => [Package];

        public FlowPackage Get(string hash) => Package;

        public VirtualNodeInfo? Find(HoldingIdentity identity) => Members.Contains(identity) ? Node(identity) : null;

        public IReadOnlyList<VirtualNodeInfo> InGroup(string groupId) => [.. Members.Select(Node)];

        private static VirtualNodeInfo Node(HoldingIdentity identity) =>
            new(identity, new CpiInfo("simulated", "1.0", [Package.Hash]), FlowStartActive: true, DateTimeOffset.UnixEpoch);
    }
}

/// <summary>What a run left in the log.</summary>
/// <param name="Ends">Every terminal status of every flow, in order.</param>
/// <param name="StateVersions">Every version of every checkpoint, in order; 0 for its deletion.</param>
/// <param name="DeadLetters">How many.</param>
/// <param name="WrittenAfterLoss">What a worker wrote after it had lost everything; null for nothing.</param>
internal sealed record Outcome(
    IReadOnlyDictionary<FlowId, List<string>> Ends, IReadOnlyList<(string Key, long Version)> StateVersions, int DeadLetters, string? WrittenAfterLoss);
