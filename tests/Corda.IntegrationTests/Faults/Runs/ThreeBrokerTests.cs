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
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(90);

    [LongFaultFact]
    public async Task B14_losing_any_broker_loses_nothing()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "B14");
        await run.StartAsync();

        // One after the other: among them are the coordinators of the transactions and of the group, and leaders of everything.
        for (int number = 2; number <= 3; number++)
        {
            cluster.Broker.Kill(number);
            await run.MoreEndAsync(10, GoesOn);
            cluster.Broker.Up(number);
            await run.MoreEndAsync(10, GoesOn);
        }

        await run.EndAsync(GoesOn);
    }

    [LongFaultFact]
    public async Task B15_rolling_restart_of_the_brokers_is_no_event()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "B15");
        await run.StartAsync();

        for (int number = 1; number <= 3; number++)
        {
            cluster.Broker.Stop(number);
            cluster.Broker.Up(number);
            await run.MoreEndAsync(10, GoesOn);
        }

        await run.EndAsync(GoesOn);
    }

    [LongFaultFact]
    public async Task B16_with_too_few_copies_starts_wait_or_are_refused_and_nothing_acknowledged_is_lost()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "B16");
        await run.StartAsync();

        // Two that stand still rather than die: of three controllers a majority must be left to come back to.
        cluster.Broker.Pause(2);
        cluster.Broker.Pause(3);
        await Task.Delay(TimeSpan.FromSeconds(6));
        int acknowledged = run.Histories.Count(history => history.Acknowledged);
        await Task.Delay(TimeSpan.FromSeconds(6));
        int meanwhile = run.Histories.Count(history => history.Acknowledged) - acknowledged;
        cluster.Broker.Resume(2);
        cluster.Broker.Resume(3);
        await run.MoreEndAsync(10, GoesOn);

        Evidence evidence = await run.EndAsync(GoesOn);
        Output.WriteLine($"{meanwhile} starts were acknowledged meanwhile");
        Assert.Contains(evidence.Starts, start => start.Attempts.Any(attempt => attempt.Answer == Answer.Unknown));
    }
}
