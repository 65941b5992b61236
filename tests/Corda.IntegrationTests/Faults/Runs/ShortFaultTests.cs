using System.Collections.Concurrent;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Corda.Workers.Messaging;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>Faults against real processes and a real broker, under load, judged by the oracle. The numbers are those of the catalogue in docs/faults.md.</summary>
public sealed class ShortFaultTests(LivingCluster living, ITestOutputHelper output) : FaultTest(output), IClassFixture<LivingCluster>
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [FaultFact]
    public async Task T01_killed_worker_costs_no_flow_anything_but_time()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T01");
        await run.StartAsync();

        cluster.Flows[(int)((uint)SeedOfRun % 3)].Host.Kill();
        await run.MoreEndAsync(20, Patience);

        await run.EndAsync();
    }

    [FaultFact]
    public async Task T02_terminated_worker_drains_and_exits_cleanly_and_its_flows_go_on()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T02");
        await run.StartAsync();

        IReadOnlyList<bool> ready = await cluster.Flows[1].Host.TerminateWatchedAsync();
        await run.MoreEndAsync(20, Patience);

        await run.EndAsync();
        Assert.Equal(0, cluster.Flows[1].Host.ExitCode);
        Assert.Contains(false, ready);
        Assert.DoesNotContain(true, ready.SkipWhile(static yes => yes));
    }

    [FaultFact]
    public async Task T03_death_at_any_point_of_a_transaction_is_no_different()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T03");
        await run.StartAsync();

        // A few each time; the long run takes all.
        foreach (DeathPoint point in DeathPoint.Shuffled(SeedOfRun).Take(3)) await point.StrikeAsync(cluster, run, Output);

        await run.EndAsync();
    }

    [FaultFact]
    public async Task T04_worker_that_stood_still_longer_than_its_session_writes_nothing_of_it_when_it_goes_on()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T04");
        await run.StartAsync();
        FlowProcess zombie = cluster.Flows[0];
        FlowProcess[] others = [.. cluster.Flows.Where(flow => flow != zombie)];

        // It has begun a transaction, and the offsets are not part of it yet: while they are, nobody can take over, and it may still commit.
        Trap begun = zombie.Proxy!.Catch(ApiKey.AddOffsetsToTxn, Side.Request);
        await begun.Caught.WaitAsync(Patience);
        zombie.Host.Pause();
        DateTimeOffset stopped = DateTimeOffset.UtcNow;
        (int joins, int newMembers) = (Joins(others), zombie.Proxy.NewMembers);
        await Task.Delay(cluster.SessionTimeout + Moment);
        await Support.Eventually.True(() => Task.FromResult(Joins(others) > joins), () => "the others were never told to go on without it", Patience);
        begun.Release();
        zombie.Host.Resume();
        await Support.Eventually.True(() => Task.FromResult(zombie.Proxy.NewMembers > newMembers), () => $"it was not given up\n{cluster.Said()}", Patience);
        await run.WorksAsync(zombie, Patience);
        await run.MoreEndAsync(20, Patience);

        Evidence evidence = await run.EndAsync();
        IReadOnlyList<TransactionEnd> ends = TransactionEnd.Of(begun.Request.Producer!, stopped, evidence);
        Output.WriteLine($"{begun.Request.TransactionalId}: {string.Join(", ", ends.Take(1))}");
        Assert.NotEmpty(ends);
        Assert.False(ends[0].Committed, $"{ends[0]} by a worker that others had taken over from");
    }

    [FaultFact]
    public async Task T06_open_transaction_of_a_dead_worker_does_not_hold_up_who_takes_over()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T06");
        await run.StartAsync();
        FlowProcess dying = cluster.Flows[1];

        // Everything is written and the offsets are sent; only the end of the transaction never comes. One without records, by which a lane only proves that it owns its
        // partitions, would have nothing that is held up.
        var written = new ConcurrentDictionary<string, bool>();
        dying.Proxy!.Catch(ApiKey.Produce, Side.Request, which: Noted);
        Trap end = dying.Proxy.Catch(ApiKey.EndTxn, Side.Request, which: request => written.TryRemove(request.TransactionalId!, out _));
        await end.Caught.WaitAsync(Patience);
        DateTimeOffset killed = DateTimeOffset.UtcNow;
        dying.Host.Kill();
        end.Drop();
        await run.MoreEndAsync(20, Patience);

        // The brokers by themselves would end it after its timeout, and nobody could read the offsets until then.
        Evidence evidence = await run.EndAsync();
        IReadOnlyList<TransactionEnd> ends = [.. TransactionEnd.Of(end.Request.Producer!, killed, evidence).Where(one => one.After is not null)];
        Output.WriteLine($"{end.Request.TransactionalId}: {string.Join(", ", ends)}");
        Assert.NotEmpty(ends);
        Assert.All(ends, one =>
        {
            Assert.False(one.Committed, $"{one} was committed by nobody");
            Assert.True(one.After < cluster.TransactionTimeout / 2, $"{one} stayed open, of {cluster.TransactionTimeout}");
        });
        Assert.All(ends.Where(one => one.Partition.Topic == CommittedRecords.StateTopic), one => Assert.True(one.GoesOn < cluster.TransactionTimeout, $"{one} was held up"));

        bool Noted(Frame write)
        {
            if (write.TransactionalId is { } id) written[id] = true;
            return false;
        }
    }

    [FaultFact]
    public async Task T07_end_of_a_transaction_that_arrives_during_a_later_one_tears_nothing()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T07");
        await run.StartAsync();
        ChaosProxy proxy = cluster.Flows[2].Proxy!;

        // The client loses the connection on which it has asked for the commit, and asks again; the first request is still under way.
        Trap end = proxy.Catch(ApiKey.EndTxn, Side.Request);
        await end.Caught.WaitAsync(Patience);
        end.LoseClient();
        Trap later = proxy.Catch(ApiKey.TxnOffsetCommit, Side.Request, which: request => request.TransactionalId == end.Request.TransactionalId);
        await later.Caught.WaitAsync(Patience);
        end.Release();
        await Task.Delay(Moment / 2);
        later.Release();
        await run.MoreEndAsync(20, Patience);

        await run.EndAsync();
    }

    [FaultFact]
    public async Task T11_when_all_workers_were_killed_and_started_again_every_flow_goes_on()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T11");
        await run.StartAsync();

        cluster.EdgeProcess.Kill();
        foreach (FlowProcess flow in cluster.Flows) flow.Host.Kill();
        await cluster.RepairAsync();
        await run.MoreEndAsync(20, Patience);

        await run.EndAsync();
    }

    [FaultFact]
    public async Task T13_when_the_broker_was_killed_and_started_again_nothing_acknowledged_is_lost()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T13");
        await run.StartAsync();

        cluster.Broker.Kill();
        await Task.Delay(Moment);
        DateTimeOffset up = await cluster.Broker.UpServingAsync();
        await run.MoreEndAsync(20, TimeSpan.FromSeconds(40));

        Evidence evidence = await run.EndAsync();
        TimeSpan? wait = GoingOn.FirstStepAfter(up, evidence) - up;
        Output.WriteLine($"T13: the first new step was committed {wait?.TotalSeconds:0.00} s after the broker answered ({up:HH:mm:ss.fff})");
        Assert.NotNull(wait);
    }

    [FaultFact]
    public async Task T28_poison_is_put_aside_with_its_reason_and_everybody_else_goes_on()
    {
        FaultCluster cluster = await living.WholeAsync(SeedOfRun);
        FaultRun run = Run(cluster, "T28");

        // Whoever watches over processes starts them again, from the start: the poison kills one after the other, and the third may die before the first flows have ended.
        using var watching = new CancellationTokenSource();
        Task watcher = cluster.RestartTheDeadAsync(watching.Token);
        byte[] key = [0, 0, 0, 1, .. Guid.NewGuid().ToByteArray()[..12]];
        StartHistory killer;
        try
        {
            await run.StartAsync([($"throw-{SeedOfRun}", new FlowWork.OfPoison("throw")), ($"kill-{SeedOfRun}", new FlowWork.OfPoison("kill"))]);
            await cluster.PoisonAsync(partition: 1, key, [200, 1, 2, 3]);
            killer = run.Histories.Single(history => history.Id.StartsWith("kill", StringComparison.Ordinal));
            await Support.Eventually.True(() => Task.FromResult(killer.EndSeen), () => $"the poison was not given up: {killer.Attempts[^1].Detail}\n{cluster.Said()}");
        }
        finally
        {
            await watching.CancelAsync();
            await watcher;
        }

        Evidence evidence = await run.EndAsync();
        DeadLetter malformed = evidence.Log.DeadLetters.Single(letter => letter.Key.AsSpan().SequenceEqual(key));
        Assert.Equal([200, 1, 2, 3], malformed.Event);
        Assert.Equal("flow.event", malformed.Topic);
        DeadLetter deadly = evidence.Log.DeadLetters.Single(letter => Convert.ToHexStringLower(letter.Key) == killer.FlowId);

        // What killed it is the start, or the time that came in the state it had by then.
        Assert.True(deadly.Event is not null || deadly.State is not null, "the dead letter holds neither the event nor the state");
        Assert.Contains("died", deadly.Reason, StringComparison.Ordinal);
        Output.WriteLine($"{deadly.InputId}: {deadly.Reason} after {deadly.Attempts} attempts; executed {evidence.Ledger.Of(killer.FlowId, "kill").Count} times");
    }
}
