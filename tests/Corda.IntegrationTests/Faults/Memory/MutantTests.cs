using System.Collections.Concurrent;
using System.Diagnostics;
using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Memory;

/// <summary>
/// The oracle is no better than what it catches: engines built wrong on purpose go through the same troubled run as the real one (kill, zombie, join, leave, failing commits), and
/// each must be caught. The real one must come through clean.
/// </summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    private const int Clients = 8;
    private const int Flows = 40;
    private const int AtOnce = 4;
    private const double Trouble = 0.06;

    // A bad engine may be lucky once. The good one has to come through every time.
    private const int Attempts = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A mutant that loses work is known by its standing still: nothing ends any more for so long.
    private static readonly TimeSpan MutantPatience = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task The_engine_as_it_is_comes_through_every_trouble_clean()
    {
        int seed = Seed.Of(output);

        IReadOnlyList<Violation> violations = await RunAsync(Mutant.None, seed, Patience);

        Assert.True(violations.Count == 0, string.Join("\n", violations.Take(20)));
    }

    [Fact]
    public async Task Every_engine_built_wrong_is_caught()
    {
        int seed = Seed.Of(output);
        var caught = new ConcurrentDictionary<Mutant, IReadOnlyList<Violation>>();

        // The real one goes along, under the same conditions: what is held against the others must not be held against it. They mostly wait.
        await Parallel.ForEachAsync(
            Enum.GetValues<Mutant>(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (mutant, _) => caught[mutant] = await UntilCaughtAsync(mutant, seed));

        foreach ((Mutant mutant, IReadOnlyList<Violation> violations) in caught.OrderBy(one => one.Key))
        {
            output.WriteLine($"{mutant,-22}{string.Join(", ", violations.GroupBy(violation => violation.Invariant[..2]).Select(by => $"{by.Key} {by.Count()}x"))}");
            foreach (Violation first in violations.DistinctBy(violation => violation.Invariant)) output.WriteLine($"    {first}");
        }

        Assert.Equal([Mutant.None], caught.Where(one => one.Value.Count == 0).Select(one => one.Key));
    }

    private async Task<IReadOnlyList<Violation>> UntilCaughtAsync(Mutant mutant, int seed)
    {
        IReadOnlyList<Violation> violations = [];
        for (int attempt = 0; attempt < Attempts && violations.Count == 0; attempt++) violations = await RunAsync(mutant, seed + attempt, MutantPatience);
        return violations;
    }

    private async Task<IReadOnlyList<Violation>> RunAsync(Mutant mutant, int seed, TimeSpan patience)
    {
        await using var cluster = new MemoryCluster(mutant, Trouble, seed);
        IClusterEdge edge = await cluster.StartEdgeAsync();
        MemoryCluster.Worker first = await cluster.StartFlowWorkerAsync();
        MemoryCluster.Worker second = await cluster.StartFlowWorkerAsync();
        using var stop = new CancellationTokenSource();
        var loop = new ClosedLoop(edge);
        Task clients = loop.RunAsync(Workload.Mixed($"{mutant}", seed, Flows), Clients, stop.Token);

        await Task.Delay(400);
        MemoryCluster.Kill(first);
        MemoryCluster.Worker third = await cluster.StartFlowWorkerAsync();
        await Task.Delay(MemoryCluster.LongerThanMemberTimeout);
        second.Line.StandStill();
        await Task.Delay(MemoryCluster.LongerThanMemberTimeout);
        second.Line.GoOn();
        MemoryCluster.Worker fourth = await cluster.StartFlowWorkerAsync();
        await Task.Delay(300);
        await cluster.TerminateAsync(third);

        await ToRestAsync(cluster, loop, clients, patience);
        Violation[] inVain = [.. StartInvariant.StillAsked(loop.Histories)];
        await stop.CancelAsync();
        await clients;
        Evidence evidence = cluster.Evidence(loop.Histories);
        output.WriteLine($"{mutant}: {evidence.Starts.Count} starts, {evidence.Log.All.Count} records, {evidence.Ledger.Count} executions of which {evidence.Ledger.Repeated} again");
        return [.. Invariants.Check(evidence), .. inVain];
    }

    private static async Task ToRestAsync(MemoryCluster cluster, ClosedLoop loop, Task clients, TimeSpan patience)
    {
        long since = Stopwatch.GetTimestamp();
        int ended = -1;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!(clients.IsCompleted && cluster.AtRest) && Stopwatch.GetElapsedTime(since) < patience)
        {
            await pace.WaitForNextTickAsync();
            int now = loop.Histories.Count(history => history.EndSeen);
            if (now != ended) since = Stopwatch.GetTimestamp();
            ended = now;
        }
    }
}
