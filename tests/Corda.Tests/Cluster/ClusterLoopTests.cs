using System.Collections.Concurrent;
using Corda.Tests.Support;
using Corda.Workers;
using Corda.Workers.Cluster;
using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Cluster;

/// <summary>What a worker concludes from what it hears, on a clock that stands still.</summary>
public sealed class ClusterLoopTests : IAsyncLifetime
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(Start);
    private readonly RecordingLogger log = new();
    private readonly ScriptedDialer dialer = new();
    private readonly BusLine line;
    private readonly EmbeddedBus bus;
    private readonly SelfPortrait self;
    private readonly ClusterLoop loop;
    private readonly PresencePublisher publisher;
    private long beats;

    public ClusterLoopTests()
    {
        bus = new EmbeddedBus(new MemoryLogStore(), new EmbeddedBusOptions(), time, NullLogger<EmbeddedBus>.Instance);
        line = new BusLine(bus);
        self = new SelfPortrait(new WorkerIdentity("self", Start), new HashSet<WorkerRole> { WorkerRole.Flow }, new ObservedBus(line, time), static () => null);
        publisher = new PresencePublisher(self, new NullPublisher(), Beat, time, log);
        loop = new ClusterLoop(self, new ClusterOptions(), line, publisher, dialer, time, log);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        dialer.Result = new DialResult.Unreachable("the test is over");
        await loop.DisposeAsync();
        await bus.DisposeAsync();
    }

    [Fact]
    public async Task Silence_of_one_worker_among_others_that_are_heard_is_its_death_after_the_timeout_and_not_before()
    {
        await Seen(Presence("other"));
        await BeatOn(TimeSpan.FromSeconds(9.5));
        Assert.Empty(line.Evicted);

        await BeatOn(TimeSpan.FromSeconds(1));
        await Eventually.Equal(1, () => line.Evicted.Count, "evictions");
        DeadWorker dead = Assert.Single(line.Evicted);
        Assert.Equal("tx-other", Assert.Single(dead.TransactionalIds));
        Assert.Equal(new GroupMemberId("group", "member-other"), Assert.Single(dead.Members));
    }

    [Fact]
    public async Task Whose_beats_do_not_get_through_while_its_process_is_connected_is_evicted_once_and_not_over_and_over()
    {
        WorkerPresence other = Presence("other") with { LivenessAddress = "" };
        await Seen(other);
        loop.Post(new ClusterEvent.Judged(WorkerIdentity.Of(other), Verdict.Connected, "connected"));

        await BeatOn(TimeSpan.FromSeconds(60));

        Assert.Single(line.Evicted);
    }

    [Fact]
    public async Task When_the_bus_is_silent_nobody_is_dead()
    {
        await Seen(Presence("other"));
        for (int i = 0; i < 100; i++) time.Advance(Beat);
        await Handled();
        Assert.Empty(line.Evicted);

        // The bus is back, with all own beats that had waited, and the others are heard last.
        for (int i = 0; i < 100; i++) await Seen(Presence("self") with { Beat = ++beats });
        await BeatOn(TimeSpan.FromSeconds(8));
        Assert.Empty(line.Evicted);
        await Seen(Presence("other"));
        await BeatOn(TimeSpan.FromSeconds(5));
        Assert.Empty(line.Evicted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refused_worker_is_evicted_at_once_and_one_that_is_only_unreachable_or_turns_its_watchers_away_is_not(bool turnsAway)
    {
        dialer.Result = turnsAway ? new DialResult.TurnedAway("the connection ended") : new DialResult.Unreachable("no answer");
        await Seen(Presence("other"));
        await Eventually.Equal(Evidence.Suspected, () => loop.Workers.Single().Evidence, "the evidence", () => time.Advance(TimeSpan.FromMilliseconds(20)));
        Assert.Empty(line.Evicted);

        dialer.Result = new DialResult.Gone("refused");
        await Eventually.Equal(1, () => line.Evicted.Count, "evictions", () => time.Advance(TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task Nobody_stands_in_while_the_first_in_order_says_that_it_is_evicting()
    {
        var dead = new WorkerIdentity("dead", Start);
        string firstId = Enumerable.Range(0, 100).Select(static i => $"first-{i}").First(id => IsBeforeSelf(dead, new WorkerIdentity(id, Start)));
        WorkerPresence first = Presence(firstId) with { LivenessAddress = "" };
        await Seen(Presence("dead") with { LivenessAddress = "" });
        await Seen(first with { Evicting = [dead.ToString()] });
        loop.Post(new ClusterEvent.Judged(WorkerIdentity.Of(first), Verdict.Connected, "connected"));
        loop.Post(new ClusterEvent.Judged(dead, Verdict.Dead, "refused"));
        for (int beat = 0; beat < 8; beat++)
        {
            time.Advance(Beat);
            await Seen(first with { Evicting = [dead.ToString()] });
        }

        Assert.Empty(line.Evicted);
        await Seen(first);
        await Eventually.Equal(1, () => line.Evicted.Count, "evictions", () => time.Advance(TimeSpan.FromMilliseconds(20)));
    }

    private static bool IsBeforeSelf(WorkerIdentity dead, WorkerIdentity first)
    {
        var own = new WorkerIdentity("self", Start);
        return EvictionOrder.PlaceOf(dead, own, [(own, true), (first, true)]) == 1;
    }

    [Fact]
    public async Task A_loopback_address_of_another_host_is_not_tried()
    {
        dialer.Result = new DialResult.Gone("refused");
        await Seen(Presence("far") with { Host = "another host" });
        await Seen(Presence("nowhere") with { LivenessAddress = "" });
        await BeatOn(TimeSpan.FromSeconds(2));

        Assert.Empty(line.Evicted);
        Assert.Empty(dialer.Dialed);
        Assert.All(loop.Workers, worker => Assert.Equal(Evidence.Beats, worker.Evidence));
    }

    [Fact]
    public async Task A_worker_that_is_about_to_go_evicts_nobody()
    {
        self.Draining = true;
        dialer.Result = new DialResult.Gone("refused");
        await Seen(Presence("other"));
        await Eventually.Equal(Evidence.Dead, () => loop.Workers.Single().Evidence, "the evidence", () => time.Advance(TimeSpan.FromMilliseconds(20)));
        await BeatOn(TimeSpan.FromSeconds(15));
        Assert.Empty(line.Evicted);
    }

    [Fact]
    public async Task A_second_worker_under_this_ones_id_is_told_of()
    {
        await Seen(Presence("self") with { StartedAt = Start.AddSeconds(5) });
        await Handled();
        Assert.Contains(log.Lines, one => one.Text.Contains("has started under this worker's id", StringComparison.Ordinal));
        Assert.Empty(loop.Workers);
    }

    private static WorkerPresence Presence(string id) => new(
        id, Start, 1, WorkerPhase.Running, "1", ["flow"], NetworkPlace.Here, "127.0.0.1:1", [$"tx-{id}"], [new PresentMember("group", $"member-{id}", [], null)], null, []);

    // Own beats come back over the bus, as do those of others.
    private async Task BeatOn(TimeSpan span)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += Beat)
        {
            time.Advance(Beat);
            await Seen(Presence("self") with { Beat = ++beats });
        }

        time.Advance(TimeSpan.FromTicks(1));
        loop.Post(new ClusterEvent.Tick());
        await Handled();
    }

    private async Task Seen(WorkerPresence presence)
    {
        loop.Post(new ClusterEvent.Seen(presence));
        await Handled();
    }

    /// <summary>Everything that was posted before has been worked off.</summary>
    private async Task Handled()
    {
        string mark = $"mark-{Guid.NewGuid():N}";
        loop.Post(new ClusterEvent.Seen(Presence(mark) with { LivenessAddress = "" }));
        await Eventually.True(() => loop.Workers.Any(worker => worker.Presence.WorkerId == mark), "the mark");
        loop.Post(new ClusterEvent.Removed(mark));
        await Eventually.True(() => loop.Workers.All(worker => worker.Presence.WorkerId != mark), "the end of the mark");
    }

    private sealed class ScriptedDialer : ILivenessDialer
    {
        public DialResult Result { get; set; } = new DialResult.Unreachable("no answer");

        public ConcurrentQueue<string> Dialed { get; } = new();

        public Task<DialResult> Dial(WorkerIdentity other, string address, CancellationToken cancellation)
        {
            Dialed.Enqueue(address);
            return Task.FromResult(Result);
        }
    }

    private sealed class NullPublisher : IPublisher
    {
        public Task PublishAsync(params IReadOnlyList<Record> records) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
