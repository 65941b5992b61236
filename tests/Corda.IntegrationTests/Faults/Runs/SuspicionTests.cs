using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>Three flow workers that watch each other through gates.</summary>
public sealed class WatchedCluster : LivingCluster
{
    private protected override FaultClusterSettings Settings => new() { Gates = true };
}

/// <summary>Wrong suspicion, with real processes: only the connections between the workers are closed, and nobody has died.</summary>
public sealed class SuspicionTests(WatchedCluster living, ITestOutputHelper output) : FaultTest(output), IClassFixture<WatchedCluster>
{
    private const string TakenForDead = "Others have taken this worker for dead";
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(30);

    [FaultFact]
    public async Task Worker_whose_watchers_lose_it_is_evicted_once_joins_anew_and_nothing_else_is_lost()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "suspicion");
        await run.StartAsync();
        FlowProcess suspect = cluster.Flows[0];
        int process = suspect.Host.ProcessId;

        suspect.Gate!.Close();
        await Support.Eventually.True(
            () => Task.FromResult(suspect.Host.Output.Contains(TakenForDead, StringComparison.Ordinal)), () => $"it was not evicted\n{cluster.Said()}", GoesOn);
        await run.MoreEndAsync(20, GoesOn);

        // The gate stays closed. It commits again, and is not evicted again.
        int commits = suspect.Proxy!.Requests(ApiKey.EndTxn);
        await Support.Eventually.True(
            () => Task.FromResult(suspect.Proxy.Requests(ApiKey.EndTxn) > commits + 20), () => $"it does not work any more\n{cluster.Said()}", GoesOn);
        await run.EndAsync();
        Assert.Equal(2, suspect.Host.Output.Split(TakenForDead).Length);
        Assert.Equal((false, process), (suspect.Host.HasExited, suspect.Host.ProcessId));
    }
}
