using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Rig;
using Corda.Workers.Flow;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>Three flow workers that watch each other through gates.</summary>
public sealed class WatchedCluster : LivingCluster
{
    private protected override FaultClusterSettings Settings => new() { Gates = true };
}

/// <summary>The same with groups of Kafka 4's own protocol.</summary>
public sealed class WatchedConsumerCluster : LivingCluster
{
    private protected override FaultClusterSettings Settings => new() { Gates = true, Settings = ["--Corda:Bus:Kafka:GroupProtocol=Consumer"] };
}

/// <inheritdoc/>
public sealed class SuspicionTests(WatchedCluster living, ITestOutputHelper output) : WrongSuspicion(living, output), IClassFixture<WatchedCluster>;

/// <inheritdoc/>
public sealed class ConsumerSuspicionTests(WatchedConsumerCluster living, ITestOutputHelper output) : WrongSuspicion(living, output), IClassFixture<WatchedConsumerCluster>;

/// <summary>Wrong suspicion, with real processes: only the connections between the workers are closed, and nobody has died.</summary>
public abstract class WrongSuspicion(LivingCluster living, ITestOutputHelper output) : FaultTest(output)
{
    private const string TakenForDead = "Others have taken this worker for dead";
    private static readonly int Lanes = new FlowOptions().Lanes;
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(30);

    [FaultFact]
    public async Task Worker_whose_watchers_lose_it_is_evicted_once_joins_anew_and_nothing_else_is_lost()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "suspicion");
        await run.StartAsync();
        foreach (FlowProcess worker in cluster.Flows) await run.WorksAsync(worker, GoesOn);
        FlowProcess suspect = cluster.Flows[0];
        FlowProcess[] others = [.. cluster.Flows.Where(flow => flow != suspect)];
        int process = suspect.Host.ProcessId;
        DateTimeOffset before = DateTimeOffset.UtcNow;
        (int ofSuspect, int ofOthers) = (NewMembers([suspect]), NewMembers(others));

        suspect.Gate!.Close();
        await Support.Eventually.True(
            () => Task.FromResult(suspect.Host.Output.Contains(TakenForDead, StringComparison.Ordinal)), () => $"it was not evicted\n{cluster.Said()}", GoesOn);
        await run.MoreEndAsync(20, GoesOn);

        // The gate stays closed. It commits again, and is not evicted again.
        for (int round = 0; round < 3; round++) await run.WorksAsync(suspect, GoesOn);
        IReadOnlyList<Takeover> takeovers = Takeover.Since(before, await run.EndAsync());
        Assert.Equal(2, suspect.Host.Output.Split(TakenForDead).Length);
        Assert.Equal((false, process), (suspect.Host.HasExited, suspect.Host.ProcessId));

        // Each of its lanes was put out once, and nobody else's.
        Output.WriteLine($"new members: {NewMembers([suspect]) - ofSuspect} of the suspect, {NewMembers(others) - ofOthers} of the others");
        Assert.Equal((Lanes, 0), (NewMembers([suspect]) - ofSuspect, NewMembers(others) - ofOthers));
        Output.WriteLine($"suspect {suspect.WorkerId}; {string.Join("; ", takeovers)}");

        // Its partitions go to the others, and as many come back, not always the same. Between the others nothing moves.
        (string From, string To)[] moves = [.. takeovers.SelectMany(partition => partition.Owners.Zip(partition.Owners.Skip(1)))];
        Assert.All(moves, move => Assert.True(IsOf(suspect, move.From) || IsOf(suspect, move.To), $"{move} has nothing to do with the suspect"));
        int had = takeovers.Count(partition => IsOf(suspect, partition.Owners[0]));
        Assert.InRange(moves.Length, 0, 2 * had);
        Assert.Equal(had, takeovers.Count(partition => IsOf(suspect, partition.Owners[^1])));
    }

    [FaultFact]
    public async Task Worker_whose_watchers_are_cut_off_and_may_come_again_at_once_is_suspected_by_nobody()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "cut");
        await run.StartAsync();
        foreach (FlowProcess worker in cluster.Flows) await run.WorksAsync(worker, GoesOn);
        FlowProcess cut = cluster.Flows[1];
        DateTimeOffset before = DateTimeOffset.UtcNow;
        (int joins, int newMembers, int taken) = (Joins(cluster.Flows), NewMembers(cluster.Flows), Times(cluster, TakenForDead));

        for (int time = 0; time < 3; time++)
        {
            // All others watch it, the edge too.
            int accepted = cut.Gate!.Accepted;
            cut.Gate.Cut();
            await Support.Eventually.True(
                () => Task.FromResult(cut.Gate.Accepted >= accepted + cluster.Flows.Count), () => $"it is watched no more\n{cluster.Said()}", GoesOn);
            await run.WorksAsync(cut, GoesOn);
        }

        await run.MoreEndAsync(20, GoesOn);
        Assert.Equal((joins, newMembers, taken), (Joins(cluster.Flows), NewMembers(cluster.Flows), Times(cluster, TakenForDead)));
        Assert.All(Takeover.Since(before, await run.EndAsync()), static partition => Assert.Single(partition.Owners));
    }

    private static bool IsOf(FlowProcess worker, string owner) => owner.StartsWith($"{worker.WorkerId}/", StringComparison.Ordinal);

    private static int NewMembers(IEnumerable<FlowProcess> flows) => flows.Sum(flow => flow.Proxy!.NewMembers);

    private static int Times(FaultCluster cluster, string said) => cluster.Flows.Sum(flow => flow.Host.Output.Split(said).Length - 1);
}
