using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>
/// The mutants once more, as processes on a real broker, through a kill and a zombie, up to three times: those whose fault lies in how they use the broker. Long: see <see cref="LongFaultTests"/>.
/// </summary>
public sealed class BrokerMutantTests(ITestOutputHelper output) : FaultTest(output)
{
    // What has not ended by then counts as lost: the control shows that the real engine is not slower.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Of the control, too: what it comes through, the mutants must not.
    private const double Trouble = 0.05;

    // What goes wrong depends on the moment at which a worker dies: a bad engine may be lucky once. The good one has to come through every time.
    private const int Attempts = 3;

    /// <summary>The bad ones.</summary>
    public static TheoryData<Mutant> Tried { get; } =
    [
        Mutant.OffsetsFirst, Mutant.OffsetsLast, Mutant.DropOffsets, Mutant.IgnoreFence, Mutant.EvictWithoutFencing, Mutant.OwnGroup, Mutant.ApplyBeforeCommit,
        Mutant.AgainAfterIndefinite, Mutant.RestoreUnread, Mutant.LostTimer,
    ];

    [LongFaultTheory]
    [MemberData(nameof(Tried))]
    public async Task Engine_built_wrong_is_caught_on_a_real_broker(Mutant mutant)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if ((await RunAsync(mutant, attempt)).Count > 0) return;
        }

        Assert.Fail($"{mutant} came through {Attempts} times.");
    }

    [LongFaultFact]
    public async Task Engine_as_it_is_comes_through_the_same()
    {
        for (int attempt = 0; attempt < Attempts; attempt++) Assert.Empty(await RunAsync(Mutant.None, attempt));
    }

    // Every other time without warm copies: who takes a partition over has all of it to read.
    private async Task<IReadOnlyList<Violation>> RunAsync(Mutant mutant, int attempt)
    {
        var settings = new FaultClusterSettings { Flows = 2, Mutant = mutant, Trouble = Trouble, Settings = [$"--Corda:Flow:WarmStandby={attempt % 2 == 0}"] };
        await using FaultCluster cluster = await FaultCluster.StartAsync(settings, SeedOfRun + attempt);
        FaultRun run = Run(cluster, $"{mutant}-{attempt}");
        run.Begin();
        await Task.Delay(TimeSpan.FromSeconds(3));
        cluster.Flows[0].Host.Kill();
        cluster.Flows[0].Host.Start();
        await Task.Delay(TimeSpan.FromSeconds(2));
        await MakeZombieAsync(cluster, cluster.Flows[1]);
        IReadOnlyList<Violation> violations = [.. (await run.JudgeAsync(Patience)).Violations, .. StartInvariant.StillAsked(run.Histories)];
        Output.WriteLine($"{mutant,-22}{string.Join(", ", violations.GroupBy(violation => violation.Invariant[..2]).Select(by => $"{by.Key} {by.Count()}x"))}");
        foreach (Violation first in violations.DistinctBy(violation => violation.Invariant)) Output.WriteLine($"    {first}");
        return violations;
    }

    // It stands still with a transaction begun, so that it has something to write when others have had its partitions for a while. Some mutants use none.
    private static async Task MakeZombieAsync(FaultCluster cluster, FlowProcess worker)
    {
        Trap begun = worker.Proxy!.Catch(ApiKey.AddPartitionsToTxn, Side.Request);
        await Task.WhenAny(begun.Caught, Task.Delay(TimeSpan.FromSeconds(5)));
        worker.Host.Pause();
        await Task.Delay(cluster.SessionTimeout + TimeSpan.FromSeconds(3));
        begun.Release();
        worker.Host.Resume();
    }
}
