using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>A point at which a worker dies: between two calls of the bus, or at a request on the wire, before the broker sees it or before the answer is heard.</summary>
internal abstract record DeathPoint
{
    private static readonly TimeSpan ComesWithin = TimeSpan.FromSeconds(20);

    private DeathPoint()
    {
    }

    /// <summary>All there are.</summary>
    public static IReadOnlyList<DeathPoint> All { get; } =
    [
        .. Enum.GetValues<CrashPoint>().Select(point => new AtCall(point)),
        .. new[] { ApiKey.Produce, ApiKey.AddPartitionsToTxn, ApiKey.AddOffsetsToTxn, ApiKey.TxnOffsetCommit, ApiKey.EndTxn }
            .SelectMany(kind => new[] { new OnWire(kind, Side.Request), new OnWire(kind, Side.Response) }),
    ];

    public static IEnumerable<DeathPoint> Shuffled(int seed)
    {
        DeathPoint[] points = [.. All];
        new Random(seed).Shuffle(points);
        return points;
    }

    /// <summary>Lets one worker die there, starts it again, and waits until flows end again.</summary>
    public async Task StrikeAsync(FaultCluster cluster, FaultRun run, ITestOutputHelper output)
    {
        FlowProcess dying = cluster.Flows[run.Ended % cluster.Flows.Count];
        try
        {
            await DieAsync(cluster, dying);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{dying.Name} did not come by {this} within {ComesWithin}: {await cluster.StandingAsync()}\n{cluster.Said()}", late);
        }

        output.WriteLine($"{dying.Name} died at {this}");
        dying.Host.Start();
        await cluster.ReadyAsync();
        await run.MoreEndAsync(5, TimeSpan.FromSeconds(30));
    }

    private protected abstract Task DieAsync(FaultCluster cluster, FlowProcess dying);

    private sealed record AtCall(CrashPoint Point) : DeathPoint
    {
        private protected override async Task DieAsync(FaultCluster cluster, FlowProcess dying)
        {
            dying.Arm(Point);
            if (Point is CrashPoint.InRevoke or CrashPoint.InRestore)
            {
                // All others go, and come back: everything moves to the dying one, and two thirds of it away again.
                FlowProcess[] others = [.. cluster.Flows.Where(flow => flow != dying)];
                foreach (FlowProcess other in others) await other.Host.TerminateAsync();
                await Support.Eventually.True(
                    async () => dying.Host.HasExited || await cluster.OwnsAllAsync(dying), () => $"{dying.Name} was not given everything", ComesWithin);
                foreach (FlowProcess other in others) other.Host.Start();
            }

            await dying.Host.WaitForExitAsync().WaitAsync(ComesWithin);
        }
    }

    private sealed record OnWire(ApiKey Kind, Side Side) : DeathPoint
    {
        private protected override async Task DieAsync(FaultCluster cluster, FlowProcess dying)
        {
            Trap trap = dying.Proxy!.Catch(Kind, Side);
            await trap.Caught.WaitAsync(ComesWithin);
            dying.Host.Kill();
            trap.Drop();
        }
    }
}
