using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Cluster;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Tests.Cluster;

/// <summary>Several workers on one bus that would wait for a dead member for minutes: whatever happens sooner is eviction.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const int All = 6;

    private static readonly ClusterOptions Quick = new() { BeatInterval = TimeSpan.FromMilliseconds(50) };

    private readonly EmbeddedBus shared = new(
        new MemoryLogStore(),
        new EmbeddedBusOptions { PartitionCount = All, MemberTimeout = TimeSpan.FromMinutes(5) },
        TimeProvider.System,
        NullLogger<EmbeddedBus>.Instance);

    private readonly List<TestWorker> workers = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (TestWorker worker in workers) await worker.DisposeAsync();
        await shared.DisposeAsync();
    }

    [Fact]
    public async Task Workers_learn_of_each_other_and_watch_each_other()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();

        Assert.Equal(Evidence.Self, a.Knows(a));
        Assert.Equal(All, a.Partitions + b.Partitions + c.Partitions);
        KnownWorker known = a.Service.Workers.Single(one => one.Presence.WorkerId == b.Identity.Id);
        await Eventually.Equal(All / 3, () => a.Service.Workers.Single(one => one.Presence.WorkerId == "b").Presence.Members.Single().Partitions.Length, "b's partitions, as told");
        Assert.Equal(["flow"], known.Presence.Roles);
    }

    [Fact]
    public async Task A_killed_workers_partitions_move_at_once_and_its_presence_is_gone()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();
        c.Kill();

        await Eventually.True(() => a.Partitions + b.Partitions == All, () => $"the dead worker's partitions with the others\n{a}\n{b}");
        await Eventually.True(() => a.Knows(c) is null && b.Knows(c) is null, () => $"nobody knows the dead worker any more\n{a}\n{b}");
        DeadWorker dead = Assert.Single(a.Line.Evicted.Concat(b.Line.Evicted).DistinctBy(one => one.Name));
        Assert.Equal(c.Identity.ToString(), dead.Name);
        Assert.Contains(dead.TransactionalIds, static id => id.Contains("test-group", StringComparison.Ordinal) || id.Contains("test.work", StringComparison.Ordinal));
        Assert.Equal(Evidence.Connection, a.Knows(b));
    }

    [Fact]
    public async Task Closed_connections_of_a_living_worker_are_opened_again_and_cost_nothing()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();
        int before = c.Partitions;

        for (int i = 0; i < 5; i++)
        {
            c.Gate.Cut();
            await Eventually.True(() => a.Knows(c) == Evidence.Connection && b.Knows(c) == Evidence.Connection, () => $"connected again\n{a}");
        }

        Assert.Empty(a.Line.Evicted.Concat(b.Line.Evicted));
        Assert.Equal(before, c.Partitions);
    }

    [Fact]
    public async Task A_worker_wrongly_taken_for_dead_joins_anew_goes_on_and_is_not_evicted_again()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();

        c.Gate.Close();
        await Eventually.True(() => !a.Line.Evicted.IsEmpty || !b.Line.Evicted.IsEmpty, () => $"an eviction\n{a}\n{b}");
        await Eventually.True(() => a.Partitions + b.Partitions + c.Partitions == All && c.Partitions == All / 3, () => $"a fair share for the evicted one\n{c}");
        await Eventually.True(() => c.Log.Lines.Any(line => line.Text.Contains("taken this worker for dead", StringComparison.Ordinal)), () => $"it knows\n{c}");
        await Eventually.True(() => a.Knows(c) is not null && b.Knows(c) is not null, () => $"its presence is there again\n{a}");
        int evictions = a.Line.Evicted.Count + b.Line.Evicted.Count;
        await WorkIsDone(a, b, c);

        long beat = BeatOf(a, c);
        await Eventually.True(() => BeatOf(a, c) > beat + 10, () => "ten more beats");
        Assert.Equal(evictions, a.Line.Evicted.Count + b.Line.Evicted.Count);

        c.Gate.Open();
        await Eventually.True(() => a.Knows(c) == Evidence.Connection && b.Knows(c) == Evidence.Connection, () => $"connected again\n{a}");
        c.Kill();
        await Eventually.True(() => a.Partitions + b.Partitions == All, () => $"evicted when it is dead indeed\n{a}\n{b}");
    }

    [Fact]
    public async Task Another_survivor_acts_when_the_first_cannot()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();
        var survivors = new[] { (a.Identity, true), (b.Identity, true) };
        TestWorker first = EvictionOrder.PlaceOf(c.Identity, a.Identity, survivors) == 0 ? a : b;
        first.Line.EvictionsFail = true;

        c.Kill();
        await Eventually.True(() => a.Partitions + b.Partitions == All, () => $"all partitions\n{a}\n{b}");

        Assert.NotEmpty((first == a ? b : a).Line.Evicted);
        await Eventually.True(() => a.Knows(c) is null && b.Knows(c) is null, () => $"nobody knows the dead worker any more\n{a}");
    }

    [Fact]
    public async Task A_worker_that_stands_still_is_only_suspected_until_it_has_been_silent_for_long()
    {
        ClusterOptions options = Quick with { SilenceTimeout = TimeSpan.FromSeconds(1) };
        TestWorker a = New("a", options).Start();
        TestWorker b = New("b", options).Start();
        await Settled(a, b);

        b.StandStill();
        await Eventually.True(() => a.Partitions == All && a.Knows(b) is null, () => $"all partitions\n{a}");

        string reason = Assert.Single(a.Log.Lines, line => line.Text.Contains("is taken for dead", StringComparison.Ordinal)).Text;
        Assert.Contains("silent for 1.", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_starts_after_all_were_killed_evicts_them_first()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();
        foreach (TestWorker worker in workers) worker.Kill();

        TestWorker heir = New("heir").Start();

        await Eventually.True(() => heir.Partitions == All, () => $"all partitions\n{heir}");
        Assert.Equal(
            new[] { a, b, c }.Select(worker => worker.Identity.ToString()).Order(), heir.Line.Evicted.Select(dead => dead.Name).Distinct().Order());
    }

    [Fact]
    public async Task A_worker_that_starts_again_under_its_id_leaves_the_groups_of_its_former_life()
    {
        TestWorker former = New("slot-1").Start();
        TestWorker idle = New("b", Quick with { Eviction = new EvictionOptions { Enabled = false } }).Start();
        await Settled(former, idle);
        former.Kill();

        TestWorker again = New("slot-1").Start();

        await Eventually.True(() => again.Partitions == All / 2, () => $"the partitions of its former life\n{again}");
        DeadWorker left = Assert.Single(again.Line.Evicted);
        Assert.Equal(former.Identity.ToString(), left.Name);
        Assert.Empty(left.TransactionalIds);
    }

    [Fact]
    public async Task An_orderly_end_evicts_nobody()
    {
        (TestWorker a, TestWorker b, TestWorker c) = await Three();

        await c.End();

        await Eventually.True(() => a.Knows(c) is null && b.Knows(c) is null, () => $"it is gone\n{a}");
        await Eventually.True(() => a.Partitions + b.Partitions == All, () => $"all partitions\n{a}\n{b}");
        Assert.Empty(a.Line.Evicted.Concat(b.Line.Evicted));
    }

    [Fact]
    public async Task Without_eviction_a_dead_worker_is_known_to_be_dead_and_the_bus_decides()
    {
        ClusterOptions off = Quick with { Eviction = new EvictionOptions { Enabled = false } };
        TestWorker a = New("a", off).Start();
        TestWorker b = New("b", off).Start();
        await Settled(a, b);

        b.Kill();

        await Eventually.True(() => a.Knows(b) is Evidence.Dead or null, () => $"it is known to be dead\n{a}");
        Assert.Empty(a.Line.Evicted);
        Assert.Equal(All / 2, a.Partitions);
    }

    private static long BeatOf(TestWorker by, TestWorker of) =>
        by.Service.Workers.FirstOrDefault(one => one.Presence.WorkerId == of.Identity.Id)?.Presence.Beat ?? 0;

    private async Task WorkIsDone(params TestWorker[] by)
    {
        using IBatchProducer producer = shared.OpenProducer("test");
        string mark = $"work {TimeProvider.System.GetTimestamp()}";
        await producer.WriteAsync([.. Enumerable.Range(0, All).Select(p => new OutgoingRecord(new(TestWorker.Work.Name, p), [1], Encoding.UTF8.GetBytes($"{mark}/{p}")))]);
        await Eventually.True(
            () => Enumerable.Range(0, All).All(p => by.Any(worker => worker.Seen.Contains($"{mark}/{p}"))), () => $"all work done\n{string.Join('\n', by.AsEnumerable())}");
    }

    private async Task<(TestWorker A, TestWorker B, TestWorker C)> Three()
    {
        TestWorker a = New("a").Start();
        TestWorker b = New("b").Start();
        TestWorker c = New("c").Start();
        await Settled(a, b, c);
        return (a, b, c);
    }

    private TestWorker New(string id, ClusterOptions? options = null)
    {
        var worker = new TestWorker(shared, id, options ?? Quick);
        workers.Add(worker);
        return worker;
    }

    private static async Task Settled(params TestWorker[] of)
    {
        await Eventually.True(
            () => of.All(one => of.All(other => one == other || one.Knows(other) == Evidence.Connection)), () => $"all connected\n{string.Join('\n', of.AsEnumerable())}");
        await Eventually.True(
            () => of.All(one => one.Partitions == All / of.Length), () => $"partitions shared\n{string.Join('\n', of.AsEnumerable())}");

        // What is killed now must be known by its last state.
        await Eventually.True(
            () => of.All(one => of.All(other => one == other
                || one.Service.Workers.Single(w => w.Presence.WorkerId == other.Identity.Id).Presence.Members is [var m] && m.Partitions.Length == other.Partitions)),
            () => $"told\n{string.Join('\n', of.AsEnumerable())}");
    }
}
