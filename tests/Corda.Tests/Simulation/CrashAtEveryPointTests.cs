using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Xunit.Abstractions;

namespace Corda.Tests.Simulation;

/// <summary>
/// Sample flows, one fault, at every I/O operation in turn: poll, restore, rewind, commit; before, after, acknowledgement lost, refused for now, a worker
/// joining, a zombie going on. Whatever strikes, the result is that of the undisturbed run, every flow ends once and every checkpoint version
/// follows the one before it. <c>CORDA_SIMULATION=all</c> runs every point; else a seeded sample does.
/// </summary>
public sealed class CrashAtEveryPointTests(ITestOutputHelper output)
{
    private const int SampleSize = 100;
    private static readonly Fault[] Faults = [.. Enum.GetValues<Fault>().Where(fault => fault != Fault.None)];

    [Fact]
    public async Task Whatever_strikes_wherever_the_outcome_is_that_of_the_undisturbed_run()
    {
        int seed = Environment.GetEnvironmentVariable("CORDA_TEST_SEED") is { Length: > 0 } given ? int.Parse(given) : Environment.TickCount;
        bool all = Environment.GetEnvironmentVariable("CORDA_SIMULATION") == "all";
        output.WriteLine($"seed {seed} (set CORDA_TEST_SEED to repeat; CORDA_SIMULATION=all runs every point)");

        List<Setup> plans = [];
        Dictionary<int, Outcome> undisturbed = [];
        foreach (int chainMax in new[] { 0, 2_000 })
        {
            (Outcome outcome, int points, _) = await RunAsync(new Setup(0, Fault.None, chainMax));
            undisturbed[chainMax] = outcome;
            output.WriteLine($"chaining {chainMax}: {points} points");
            plans.AddRange(
                from point in Enumerable.Range(1, points)
                from fault in Faults
                from same in new[] { true, false }
                select new Setup(point, fault, chainMax, same, Spills: point % 5 == 0));
        }

        if (!all)
        {
            Setup[] shuffled = [.. plans];
            new Random(seed).Shuffle(shuffled);
            plans = [.. shuffled.Take(SampleSize)];
        }

        int struck = 0;
        foreach (Setup setup in plans)
        {
            (Outcome outcome, _, string plan) = await RunAsync(setup);
            if (!plan.Contains("not met", StringComparison.Ordinal)) struck++;
            Assert.True(Violation(undisturbed[setup.ChainMax], outcome) is null, $"{setup}, {plan}: {Violation(undisturbed[setup.ChainMax], outcome)}");
        }

        output.WriteLine($"{plans.Count} runs, in {struck} the fault struck");
        Assert.True(struck > plans.Count / 2, $"the fault struck in {struck} of {plans.Count} runs only");
    }

    /// <summary>For whoever follows up a failure: <c>CORDA_SIMULATION_CASE=52,Rebalance,0,False</c> runs that one case ten times.</summary>
    [Fact]
    public async Task A_case_named_by_the_environment_holds_ten_times()
    {
        string[] named = (Environment.GetEnvironmentVariable("CORDA_SIMULATION_CASE") ?? "3,CrashAfter,2000,True").Split(',');
        var setup = new Setup(int.Parse(named[0]), Enum.Parse<Fault>(named[1]), int.Parse(named[2]), bool.Parse(named[3]), Spills: named.Length > 4 && bool.Parse(named[4]));
        (Outcome undisturbed, _, _) = await RunAsync(new Setup(0, Fault.None, setup.ChainMax));
        for (int i = 0; i < 10; i++)
        {
            (Outcome outcome, _, string plan) = await RunAsync(setup);
            Assert.True(Violation(undisturbed, outcome) is null, $"{setup}, {plan}: {Violation(undisturbed, outcome)}");
        }
    }

    [Theory]
    [InlineData(Mutant.NoFence, Fault.Zombie)]
    [InlineData(Mutant.TornCommit, Fault.CrashAfter)]
    [InlineData(Mutant.OffsetsFirst, Fault.CrashAfter)]
    public async Task Without_the_fence_or_the_atomic_commit_the_oracle_goes_red(Mutant mutant, Fault fault)
    {
        (Outcome undisturbed, int points, _) = await RunAsync(new Setup(0, Fault.None, ChainMax: 0));
        for (int point = 1; point <= points * 2; point++)
        {
            string? violation;
            try
            {
                (Outcome outcome, _, _) = await RunAsync(new Setup(point, fault, ChainMax: 0, SameInstance: false, mutant));
                violation = Violation(undisturbed, outcome);
            }
            catch (TimeoutException lost)
            {
                violation = lost.Message.Split('\n')[0];
            }

            if (violation is null) continue;
            output.WriteLine($"{mutant} was noticed at point {point}: {violation}");
            return;
        }

        Assert.Fail($"{mutant}: {points * 2} points, and nobody noticed");
    }

    private static async Task<(Outcome Outcome, int Points, string Plan)> RunAsync(Setup setup)
    {
        await using var cluster = new SimulatedCluster(setup);
        Outcome outcome = await cluster.RunAsync(Starts());
        return (outcome, cluster.Plan.Met, cluster.Plan.ToString());
    }

    private static StartFlow[] Starts()
    {
        string peers = $"[\"{TestNetwork.Bob.X500Name}\", \"{TestNetwork.Charlie.X500Name}\"]";
        return
        [
            Start("climb", typeof(Climb), "{\"steps\": 5, \"peers\": []}"),
            Start("talk-1", typeof(Talk), $"{{\"steps\": 3, \"peers\": {peers}}}"),
            Start("talk-2", typeof(Talk), $"{{\"steps\": 4, \"peers\": {peers}}}"),
        ];
    }

    private static StartFlow Start(string id, Type flow, string body) =>
        new(TestNetwork.Alice, id, flow.FullName!, body, DateTimeOffset.UnixEpoch);

    /// <summary>What is wrong with an outcome; null for nothing.</summary>
    private static string? Violation(Outcome expected, Outcome seen)
    {
        foreach ((FlowId flow, List<string> ends) in expected.Ends)
        {
            if (!seen.Ends.TryGetValue(flow, out List<string>? got)) return $"flow {flow} never ended";
            if (got.Count != 1) return $"flow {flow} ended {got.Count} times: {string.Join(" | ", got)}";
            if (got[0] != ends[0]) return $"flow {flow} ended as '{got[0]}' instead of '{ends[0]}'";
        }

        if (seen.DeadLetters > 0) return $"{seen.DeadLetters} dead letters";
        if (seen.WrittenAfterLoss is { } where) return $"a zombie's {where} was let through";
        return BrokenVersion(seen.StateVersions);
    }

    private static string? BrokenVersion(IReadOnlyList<(string Key, long Version)> versions)
    {
        Dictionary<string, long> last = [];
        foreach ((string key, long version) in versions)
        {
            long before = last.GetValueOrDefault(key);
            if (version != 0 && version != before + 1) return $"checkpoint {key} went from version {before} to {version}";
            last[key] = version;
        }

        return null;
    }
}
