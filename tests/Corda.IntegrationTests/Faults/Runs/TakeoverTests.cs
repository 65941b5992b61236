using System.Diagnostics;
using Corda.IntegrationTests.Faults.Rig;
using Corda.IntegrationTests.Support;
using Corda.Tests.Cluster;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>Who decides that a worker is dead: the other workers, over connections of their own, or else the brokers. Each with a cluster that is set up so.</summary>
public sealed class TakeoverTests(ITestOutputHelper output) : FaultTest(output)
{
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(12);

    // Where nobody fences the dead, a transaction that it had open holds up its partitions until the brokers abort it: as long as a session here, and their clean-up.
    private static readonly TimeSpan TransactionTimeout = Session;
    private static readonly TimeSpan SessionAndTransaction = Session + TransactionTimeout;
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(60);

    [FaultFact]
    public async Task Workers_that_watch_each_other_as_between_hosts_with_certificates_do_not_wait_for_the_session_of_a_dead_one()
    {
        string folder = Directory.CreateTempSubdirectory("corda-certificates-").FullName;
        try
        {
            (string certificate, string key, string authority) = WorkerCertificates.Make(folder, "cluster");
            await TakeoverAsync(
                "certificates",
                Session / 2,
                "--Corda:Cluster:Liveness:Listen=0.0.0.0:0",
                "--Corda:Cluster:Liveness:Advertise=127.0.0.1",
                $"--Corda:Cluster:Liveness:Certificate={certificate}",
                $"--Corda:Cluster:Liveness:Key={key}",
                $"--Corda:Cluster:Liveness:Authority={authority}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [FaultFact]
    public async Task Where_eviction_is_switched_off_the_timeouts_of_the_brokers_decide()
    {
        TimeSpan taken = await TakeoverAsync("no-eviction", SessionAndTransaction, "--Corda:Cluster:Eviction:Enabled=false");
        Assert.True(taken > Session / 2, $"its partitions were taken over after {taken}, of a session of {Session}");
    }

    // One of two is killed under load: how long until the other one has all partitions, and a limit to that. Nothing is lost on the way.
    private async Task<TimeSpan> TakeoverAsync(string name, TimeSpan limit, params string[] settings)
    {
        await using FaultCluster cluster = await FaultCluster.StartAsync(
            new FaultClusterSettings { Flows = 2, SessionTimeout = Session, TransactionTimeout = TransactionTimeout, Settings = settings }, SeedOfRun);
        FaultRun run = Run(cluster, name);
        await run.StartAsync();
        foreach (FlowProcess worker in cluster.Flows) await run.WorksAsync(worker, GoesOn);

        long killed = Stopwatch.GetTimestamp();
        cluster.Flows[0].Host.Kill();
        await Eventually.True(() => cluster.OwnsAllAsync(cluster.Flows[1]), () => $"nobody took over\n{cluster.Said()}", limit);
        TimeSpan taken = Stopwatch.GetElapsedTime(killed);
        Output.WriteLine($"{name}: the other one had all partitions {taken.TotalSeconds:0.00} s after the death, of a session of {Session.TotalSeconds} s");
        await run.MoreEndAsync(20, GoesOn);
        await run.EndAsync();
        return taken;
    }
}
