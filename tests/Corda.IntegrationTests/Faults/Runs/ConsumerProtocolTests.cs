using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>The short tests' cluster with groups of Kafka 4's own protocol.</summary>
public sealed class ConsumerProtocol : LivingCluster
{
    private protected override FaultClusterSettings Settings => new() { Settings = ["--Corda:Bus:Kafka:GroupProtocol=Consumer"] };
}

/// <summary>What happens to members of a group, where the brokers assign. Long: see <see cref="LongFaultTests"/>.</summary>
public sealed class ConsumerProtocolTests(ConsumerProtocol living, ITestOutputHelper output) : FaultTest(output), IClassFixture<ConsumerProtocol>
{
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(40);

    [LongFaultFact]
    public async Task T01_and_T02_killed_and_ended_workers_cost_no_flow_anything_but_time()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T01-consumer");
        await run.StartAsync();

        cluster.Flows[0].Host.Kill();
        await run.MoreEndAsync(20, GoesOn);
        await cluster.Flows[1].Host.TerminateAsync();
        await run.MoreEndAsync(20, GoesOn);

        await run.EndAsync();
        Assert.Equal(0, cluster.Flows[1].Host.ExitCode);
    }

    [LongFaultFact]
    public async Task T04_worker_that_stood_still_longer_than_its_session_works_again_and_writes_nothing_of_it()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T04-consumer");
        await run.StartAsync();
        FlowProcess zombie = cluster.Flows[0];

        zombie.Host.Pause();
        await Task.Delay(cluster.SessionTimeout * 2);
        await run.MoreEndAsync(20, GoesOn);
        zombie.Host.Resume();
        await run.WorksAsync(zombie, GoesOn);
        await run.MoreEndAsync(20, GoesOn);

        await run.EndAsync();
    }

    [LongFaultFact]
    public async Task T10_workers_that_join_and_leave_are_no_event()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T10-consumer");
        await run.StartAsync();

        FlowProcess fourth = cluster.AddFlowProcess();
        await fourth.Host.StartReadyAsync();
        await run.MoreEndAsync(10, GoesOn);

        // Only the one that has just come is left.
        foreach (FlowProcess leaving in cluster.Flows.Take(3)) await leaving.Host.TerminateAsync();
        await run.MoreEndAsync(20, GoesOn);
        foreach (FlowProcess back in cluster.Flows.Take(3)) await back.Host.StartReadyAsync();
        await run.MoreEndAsync(20, GoesOn);

        await run.EndAsync();
    }
}
