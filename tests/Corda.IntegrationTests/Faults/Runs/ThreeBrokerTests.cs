using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>Three brokers, three copies of everything, two of which must be in step.</summary>
public sealed class ThreeBrokers : LivingCluster
{
    private protected override FaultClusterSettings Settings => new() { Brokers = 3, Flows = 2 };
}

/// <summary>What happens to brokers of a replicated cluster. Long: see <see cref="LongFaultTests"/>.</summary>
public sealed class ThreeBrokerTests(ThreeBrokers living, ITestOutputHelper output) : FaultTest(output), IClassFixture<ThreeBrokers>
{
    // Three brokers write everything three times, on the same processors.
    private const int Clients = 6;
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(90);

    // One after the other: who coordinates most transactions, and then who coordinates their group. Both lead partitions of everything.
    [LongFaultFact]
    public Task B14_losing_the_coordinators_loses_nothing() => JudgedAsync("B14", async (broker, run) =>
    {
        foreach ((string what, Func<int> coordinator) in new (string, Func<int>)[]
            { ("transactions", broker.CoordinatorOfTransactions), ("the group", () => broker.CoordinatorOf(FaultCluster.FlowGroup)) })
        {
            int number = coordinator();
            TimeSpan killed = run.Now;
            broker.Kill(number);
            await run.MoreEndAsync(10, GoesOn);
            Output.WriteLine($"broker {number} coordinated {what}: longest silence of ends {run.LongestSilence(killed).TotalSeconds:0.00} s, now it is broker {coordinator()}");
            broker.Up(number);
            await run.MoreEndAsync(10, GoesOn);
        }
    });

    [LongFaultFact]
    public Task B15_rolling_restart_of_the_brokers_is_no_event() => JudgedAsync("B15", async (broker, run) =>
    {
        for (int number = 1; number <= 3; number++)
        {
            TimeSpan stopped = run.Now;
            broker.Stop(number);
            broker.Up(number);
            await run.MoreEndAsync(10, GoesOn);
            Output.WriteLine($"broker {number}: longest silence of ends {run.LongestSilence(stopped).TotalSeconds:0.00} s");
        }
    });

    // Two that stand still rather than die: of three controllers a majority must be left to come back to.
    [LongFaultFact]
    public async Task B16_with_too_few_copies_starts_wait_or_are_refused_and_nothing_acknowledged_is_lost()
    {
        Evidence evidence = await JudgedAsync("B16", async (broker, run) =>
        {
            broker.Pause(2);
            broker.Pause(3);
            await Task.Delay(TimeSpan.FromSeconds(6));
            int acknowledged = run.Histories.Count(history => history.Acknowledged);
            await Task.Delay(TimeSpan.FromSeconds(6));
            Output.WriteLine($"{run.Histories.Count(history => history.Acknowledged) - acknowledged} starts were acknowledged meanwhile");
            broker.Resume(2);
            broker.Resume(3);
            await run.MoreEndAsync(10, GoesOn);
        });
        Attempt[] waited = [.. evidence.Starts.SelectMany(start => start.Attempts).Where(attempt => attempt.Answer == Answer.Unknown)];
        Output.WriteLine(string.Join(", ", waited.GroupBy(attempt => $"{attempt.Code}").Select(by => $"{by.Count()} times {(by.Key == "" ? Attempt.NoAnswer : by.Key)}")));
        Assert.NotEmpty(waited);
        Assert.All(waited, attempt => Assert.True(attempt is { Code: 503 } or { Detail: Attempt.NoAnswer }, $"{attempt} is neither a refusal nor a wait"));
    }

    private async Task<Evidence> JudgedAsync(string name, Func<FaultBroker, FaultRun, Task> faults)
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, name);
        await run.StartAsync(number: Clients, limit: GoesOn);
        await faults(cluster.Broker, run);
        return await run.EndAsync();
    }
}
