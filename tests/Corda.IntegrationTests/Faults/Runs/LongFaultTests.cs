using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>Faults that take their time. <c>CORDA_FAULTS=all</c> runs them scaled down, <c>CORDA_FAULTS=full</c> at full length.</summary>
public sealed class LongFaultTests(LivingCluster living, ITestOutputHelper output) : FaultTest(output), IClassFixture<LivingCluster>
{
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(40);

    // Of what ends a second in calm, in the same run: as much must end in a storm. Of the memory before: more means that something has no bound.
    private const double RateShareMin = 0.2;
    private const double GrowthMax = 3;

    [LongFaultFact]
    public async Task T03_death_at_every_point_of_a_transaction_is_no_different()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T03-all");
        await run.StartAsync();

        int times = FaultLength.Of(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)).Seconds;
        for (int time = 0; time < times; time++)
        {
            foreach (DeathPoint point in DeathPoint.Shuffled(SeedOfRun + time)) await point.StrikeAsync(cluster, run, Output);
        }

        await run.EndAsync();
    }

    [LongFaultFact]
    public async Task T05_short_pause_moves_no_partition()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T05");
        await run.StartAsync();
        int joins = Joins(cluster.Flows);

        cluster.Flows[0].Host.Pause();
        await Task.Delay(cluster.SessionTimeout / 2);
        cluster.Flows[0].Host.Resume();
        await run.MoreEndAsync(20, GoesOn);

        Assert.Equal(joins, Joins(cluster.Flows));
        await run.EndAsync();
    }

    [LongFaultFact]
    public async Task T07_end_of_a_transaction_held_until_its_client_has_given_up_tears_nothing()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T07-timeout");
        await run.StartAsync();
        ChaosProxy proxy = cluster.Flows[2].Proxy!;
        Trap end = proxy.Catch(ApiKey.EndTxn, Side.Request);
        await end.Caught.WaitAsync(GoesOn);

        // The client gives the commit up and makes a new producer; then the old request arrives, in the midst of a transaction of the new one.
        Trap made = proxy.Catch(ApiKey.InitProducerId, Side.Request, which: OfTheSame);
        await made.Caught.WaitAsync(TimeSpan.FromSeconds(60));
        made.Release();
        await run.MoreEndAsync(5, GoesOn);
        Trap later = proxy.Catch(ApiKey.TxnOffsetCommit, Side.Request, which: OfTheSame);
        await later.Caught.WaitAsync(GoesOn);
        end.Release();
        await Task.Delay(TimeSpan.FromSeconds(0.5));
        later.Release();
        await run.MoreEndAsync(20, GoesOn);

        await run.EndAsync();
        bool OfTheSame(Frame request) => request.TransactionalId == end.Request.TransactionalId;
    }

    [LongFaultFact]
    public async Task T09_storm_of_rebalances_loses_and_repeats_nothing()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T09");
        await run.StartAsync();
        FlowProcess guest = cluster.AddFlowProcess();

        double calm = await CalmRateAsync(run);
        double storm = await run.RateAsync(() => FaultRun.ForAsync(FaultLength.Of(TimeSpan.FromSeconds(25), TimeSpan.FromMinutes(5)), async () =>
        {
            guest.Host.Start();
            await guest.Host.WaitReadyAsync();
            await Task.Delay(TimeSpan.FromSeconds(2));
            await guest.Host.TerminateAsync();
            await Task.Delay(TimeSpan.FromSeconds(2));
        }));
        RequireRate(storm, calm);
        await run.MoreEndAsync(20, GoesOn);

        await run.EndAsync();
    }

    [LongFaultFact]
    public async Task T10_one_worker_then_four_then_one_again_and_nothing_stands_still()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T10");
        await run.StartAsync();

        foreach (FlowProcess flow in cluster.Flows.Skip(1).ToList()) await flow.Host.TerminateAsync();
        await run.MoreEndAsync(10, GoesOn);
        foreach (FlowProcess flow in cluster.Flows.Skip(1).Append(cluster.AddFlowProcess()).ToList()) await flow.Host.StartReadyAsync();
        await run.MoreEndAsync(20, GoesOn);
        foreach (FlowProcess flow in cluster.Flows.Skip(1).ToList()) await flow.Host.TerminateAsync();
        await run.MoreEndAsync(10, GoesOn);

        await run.EndAsync();
    }

    [LongFaultFact]
    public async Task T12_killed_again_and_again_at_random()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T12");
        await run.StartAsync();
        var random = new Random(SeedOfRun);
        int kills = 0;

        await FaultRun.ForAsync(FaultLength.Of(TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(10)), async () =>
        {
            await Task.Delay(random.Next(2_000, 6_000));
            FlowProcess dying = cluster.Flows[random.Next(cluster.Flows.Count)];
            dying.Host.Kill();
            dying.Host.Start();
            kills++;
        });
        Output.WriteLine($"{kills} kills");
        await run.MoreEndAsync(20, GoesOn);

        await run.EndAsync();
    }

    [LongFaultFact]
    public Task T17_worker_cut_off_from_the_broker_is_fenced_and_comes_back() => JudgedAsync("T17", async (cluster, run) =>
    {
        FlowProcess lonely = cluster.Flows[0];

        // Silence in both directions, then only towards the broker, then only back, then a clean cut.
        foreach (Action<ChaosProxy> part in new Action<ChaosProxy>[]
            { proxy => proxy.Freeze(), proxy => proxy.Freeze(toClient: false), proxy => proxy.Freeze(toBroker: false), proxy => proxy.Cut() })
        {
            int joins = Joins(cluster.Flows.Skip(1));
            await EndureAsync(run, [lonely], part, FaultLength.Of(cluster.SessionTimeout + TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30)));
            Assert.True(Joins(cluster.Flows.Skip(1)) > joins, "the others were never told to go on without it");
        }
    });

    [LongFaultFact]
    public Task T20_connections_that_are_reset_at_random_cost_nothing_but_time() => JudgedAsync("T20", async (cluster, run) =>
    {
        int resets = Resets(cluster);
        double calm = await CalmRateAsync(run);
        RequireRate(await EndureAsync(run, cluster.Flows, proxy => proxy.Weather = new Weather(ResetShare: 0.002), FaultLength.Of(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(5))), calm);
        Output.WriteLine($"{Resets(cluster) - resets} resets");
        Assert.True(Resets(cluster) > resets, "no connection was reset: nothing was tried");
    });

    [LongFaultFact]
    public Task T21_a_hundred_milliseconds_of_latency_evict_nobody() => JudgedAsync("T21", async (cluster, run) =>
    {
        int joins = Joins(cluster.Flows);
        var slow = new Weather(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(50));
        await EndureAsync(run, cluster.Flows, proxy => proxy.Weather = slow, FaultLength.Of(TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(5)));
        Assert.Equal(joins, Joins(cluster.Flows));
    });

    [LongFaultFact]
    public Task T22_slow_link_slows_down_and_breaks_nothing() => JudgedAsync("T22", async (cluster, run) =>
    {
        await CalmRateAsync(run);
        long[] before = Resident(cluster);
        var slow = new Weather(BytesPerSecond: 125_000);
        await EndureAsync(run, cluster.Flows, proxy => proxy.Weather = slow, FaultLength.Of(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(5)));
        RequireBounded(before, Resident(cluster));
    });

    [LongFaultFact]
    public async Task T29_flow_that_becomes_too_large_for_a_record_fails_by_name_and_nobody_else()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T29");
        await run.StartAsync([($"grow-{SeedOfRun}", new FlowWork.OfPoison("grow", 3_000_000))]);
        await run.MoreEndAsync(20, GoesOn);

        Evidence evidence = await run.EndAsync();
        StartHistory grown = run.Histories.Single(history => history.Work is FlowWork.OfPoison);
        string? error = evidence.Log.Statuses[grown.FlowId].Last().Error?.Message;
        Output.WriteLine(error);
        Assert.Contains("bytes", error, StringComparison.Ordinal);
    }

    [LongFaultFact]
    public async Task T30_overload_is_refused_and_what_was_taken_drains()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun flood = Run(cluster, "T30");
        await flood.StartAsync(number: 150);
        long[] before = Resident(cluster);
        await Task.Delay(FaultLength.Of(TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(10)));
        RequireBounded(before, Resident(cluster));
        await flood.EndAsync(restMax: TimeSpan.FromMinutes(2));
        Attempt[] attempts = [.. flood.Histories.SelectMany(history => history.Attempts)];
        Attempt[] refused = [.. attempts.Where(attempt => attempt.Answer == Answer.Unknown)];
        Output.WriteLine($"{refused.Length} of {attempts.Length} requests were not taken at once");
        Assert.Contains(refused, attempt => attempt.Detail.Contains("no more are taken", StringComparison.Ordinal));
        Assert.All(refused, attempt => Assert.True(attempt.Code == 503, $"{attempt} is no refusal"));
        Assert.All(flood.Histories, history => Assert.True(history.EndSeen, $"{history} did not drain"));

        FaultRun after = Run(cluster, "T30-after");
        await after.StartAsync();
        await after.MoreEndAsync(20, GoesOn);
        await after.EndAsync();
    }

    private static int Resets(FaultCluster cluster) => cluster.Flows.Sum(flow => flow.Proxy!.Resets);

    private static long[] Resident(FaultCluster cluster) => [.. cluster.Flows.Select(flow => flow.Host.ResidentBytes).Append(cluster.EdgeProcess.ResidentBytes)];

    private static Task<double> CalmRateAsync(FaultRun run) => run.RateAsync(() => Task.Delay(FaultLength.Of(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1))));

    // For a while something is wrong with the network of these workers; how many flows a second end nevertheless. Then all is well again, and each of them has its
    // share of the work.
    private static async Task<double> EndureAsync(FaultRun run, IReadOnlyList<FlowProcess> workers, Action<ChaosProxy> wrong, TimeSpan time)
    {
        foreach (FlowProcess worker in workers) wrong(worker.Proxy!);
        double rate = await run.RateAsync(() => Task.Delay(time));
        foreach (FlowProcess worker in workers) worker.Proxy!.Heal();
        await run.MoreEndAsync(10, GoesOn);
        foreach (FlowProcess worker in workers) await run.WorksAsync(worker, GoesOn);
        return rate;
    }

    private void RequireRate(double storm, double calm)
    {
        Output.WriteLine($"{storm:0.0} flows a second ended, {storm / calm:0.00} of the {calm:0.0} in calm");
        Assert.True(storm >= RateShareMin * calm, $"{storm:0.0} flows a second ended, of {calm:0.0} in calm");
    }

    private void RequireBounded(long[] before, long[] after)
    {
        Output.WriteLine($"resident memory of the flow workers and the edge, MiB: {Mib(before)} before, {Mib(after)} after");
        Assert.All(before.Zip(after), one => Assert.True(one.Second < GrowthMax * one.First, $"memory grew from {one.First} to {one.Second} bytes"));
        static string Mib(long[] bytes) => string.Join(", ", bytes.Select(one => one >> 20));
    }

    // Whatever is wrong is wrong under load, and then there is the judge.
    private async Task JudgedAsync(string name, Func<FaultCluster, FaultRun, Task> fault)
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, name);
        await run.StartAsync();
        await fault(cluster, run);
        await run.EndAsync();
    }
}
