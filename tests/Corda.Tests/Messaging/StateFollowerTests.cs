using System.Globalization;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.StateAndEvent;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Messaging;

/// <summary>
/// State partitions that others own are followed, so that next to nothing is left to read when one is taken over. The clock of the bus stands still: nothing here
/// comes about because a wait ran out.
/// </summary>
public sealed class StateFollowerTests : IAsyncDisposable
{
    private const string Topic = "event.state";
    private readonly EmbeddedBus inner = new(
        new MemoryLogStore(), new EmbeddedBusOptions { PartitionCount = 3 }, new FakeTimeProvider(), NullLogger<EmbeddedBus>.Instance);
    private readonly CountingReads bus;
    private readonly ITransactionalProducer owner;
    private readonly TemporaryFolder copies = new();

    public StateFollowerTests()
    {
        inner.EnsureTopics([new TopicSpec(Topic, Cleanup.Compact)]);
        bus = new CountingReads(inner);
        owner = inner.OpenTransactional("owner");
    }

    [Fact]
    public async Task Taking_over_a_warm_partition_reads_only_what_came_since()
    {
        Commit(0, version: 1, keys: 50);
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        await Claimed(follower, 1);
        await Eventually.True(() => bus.Reads(0) == 50, () => $"the other's states to be read; {bus.Reads(0)} were");

        Commit(0, version: 2, keys: 3);
        PartitionStates<Text> states = await Claimed(follower, 0);

        Assert.Equal(50, states.Count);
        Assert.Equal(2, states.Committed([0])!.Version);
        Assert.Equal(1, states.Committed([49])!.Version);
        Assert.Equal(53, bus.Reads(0));
    }

    [Fact]
    public async Task Whoever_is_about_to_join_reads_before_anything_is_assigned()
    {
        Commit(0, version: 1, keys: 50);
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        await follower.Warm();
        await Eventually.True(() => bus.Reads(0) == 50, () => $"the states to be read; {bus.Reads(0)} were");

        Assert.Equal(50, (await Claimed(follower, 0)).Count);
        Assert.Equal(50, bus.Reads(0));
    }

    [Fact]
    public async Task Whoever_is_about_to_join_is_told_when_all_local_copies_are_opened_and_not_before()
    {
        using var mayOpen = new ManualResetEventSlim();
        int opened = 0;
        using var follower = new StateFollower<Text>(
            "follower",
            Topic,
            keepsWarm: true,
            partition =>
            {
                mayOpen.Wait();
                Interlocked.Increment(ref opened);
                return new PartitionStates<Text>(new TopicPartition("event", partition), 0, static (_, reason) => Assert.Fail(reason));
            },
            bus,
            TimeProvider.System);

        Task warm = follower.Warm();
        Assert.False(warm.IsCompleted);
        mayOpen.Set();
        await warm.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(bus.PartitionCount(Topic), Volatile.Read(ref opened));
    }

    [Fact]
    public async Task What_a_lane_waits_for_is_read_before_everything_else()
    {
        for (int partition = 0; partition < 3; partition++) Commit(partition, version: 1, keys: 50);
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        var readBefore = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        follower.Claim(new StateClaim<Text>(
            new TopicPartition("event", 1), 1, _ => readBefore.SetResult(bus.Reads(0) + bus.Reads(2)), readBefore.SetException));

        Assert.Equal(0, await readBefore.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        await Eventually.True(() => bus.Reads(0) + bus.Reads(2) == 100, () => "the others to be read");
    }

    [Fact]
    public async Task What_is_claimed_while_the_reader_is_being_opened_does_not_wait_for_a_poll_to_run_out()
    {
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        var second = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        bus.Opening = () => second.TrySetResult(Claimed(follower, 1));

        await Claimed(follower, 0);
        await await second.Task;
    }

    [Fact]
    public async Task Without_a_warm_standby_nothing_is_read_that_nobody_claimed()
    {
        Commit(0, version: 1, keys: 5);
        Commit(1, version: 1, keys: 5);
        using StateFollower<Text> follower = Follower(keepsWarm: false);

        Assert.Equal(5, (await Claimed(follower, 1)).Count);
        Assert.Equal(0, bus.Reads(0));
        Assert.Null(follower.Lag);
    }

    [Fact]
    public async Task States_that_a_lane_gives_back_are_followed_from_there_and_not_read_again()
    {
        Commit(0, version: 1, keys: 20);
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        PartitionStates<Text> states = await Claimed(follower, 0);

        // The lane commits, gives back, and somebody else goes on.
        states.Apply([0], StateImage.Of(Record(2)), null);
        Commit(0, version: 2, keys: 1);
        follower.GiveBack(states, new StorePoint(inner.OffsetsOf(new TopicPartition(Topic, 0)).End, TimeProvider.System.GetUtcNow()));
        Commit(0, version: 3, keys: 1);
        PartitionStates<Text> again = await Claimed(follower, 0);

        Assert.Equal(3, again.Committed([0])!.Version);
        Assert.Equal(20, again.Count);
        Assert.Equal(21, bus.Reads(0));
    }

    [Fact]
    public async Task What_a_lane_has_lost_is_read_anew()
    {
        Commit(0, version: 1, keys: 20);
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        StateClaim<Text> claim = await Complete(follower, 0);

        // It applied what was never committed, and was put out.
        claim.States!.Apply([0], StateImage.Of(Record(2)), null);
        follower.LetGo(claim);

        Assert.Equal(1, (await Claimed(follower, 0)).Committed([0])!.Version);
    }

    [Fact]
    public async Task A_bus_that_cannot_be_read_for_now_fails_the_claim_and_keeps_the_warm_copies()
    {
        Commit(0, version: 1, keys: 20);
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        await Claimed(follower, 1);
        await Eventually.True(() => bus.Reads(0) == 20, () => $"the other's states to be read; {bus.Reads(0)} were");

        bus.Failure = new MessagingTransientException("not now");
        await Assert.ThrowsAsync<MessagingTransientException>(() => Complete(follower, 2));
        bus.Failure = null;

        Assert.Equal(20, (await Claimed(follower, 0)).Count);
        Assert.Equal(20, bus.Reads(0));
    }

    [Fact]
    public async Task A_copy_catches_up_with_an_owner_that_goes_on_and_says_how_far_it_is_behind()
    {
        using StateFollower<Text> follower = Follower(keepsWarm: true);
        await Claimed(follower, 1);
        for (int version = 1; version <= 20; version++) Commit(0, version, keys: 10);

        await Eventually.True(() => bus.Reads(0) == 200 && follower.Lag is not null, () => $"all to be read; {bus.Reads(0)} were, lag {follower.Lag}");

        Assert.All(Enumerable.Range(0, 10), key => Assert.Equal(20, Claimed(follower, 0).Result.Committed([(byte)key])!.Version));
    }

    [Fact]
    public async Task A_restart_with_a_local_copy_reads_only_the_tail()
    {
        Commit(0, version: 1, keys: 50);
        await GiveBack(0);
        Commit(0, version: 2, keys: 3);
        int before = bus.Reads(0);

        using StateFollower<Text> restarted = Follower(keepsWarm: false, Cache());
        PartitionStates<Text> states = await Claimed(restarted, 0);

        Assert.Equal(3, bus.Reads(0) - before);
        Assert.Equal((2L, 1L, 50), (states.Committed([0])!.Version, states.Committed([49])!.Version, states.Count));
        Assert.Equal("process", states.Marker?.Owner);
    }

    [Fact]
    public async Task A_tail_that_leaves_doubts_makes_the_whole_topic_be_read()
    {
        Commit(0, version: 5, keys: 50);
        await GiveBack(0);
        owner.Commit([.. Enumerable.Range(0, 50).Select(static key => new OutgoingRecord(new TopicPartition(Topic, 0), [(byte)key], null))], new Dictionary<TopicPartition, long>(), null);
        await GiveBack(0);
        Commit(0, version: 1, keys: 50);
        Commit(0, version: 1, keys: 1);
        int before = bus.Reads(0);

        using StateFollower<Text> restarted = Follower(keepsWarm: false, Cache(), static (_, _) => { });
        PartitionStates<Text> states = await Claimed(restarted, 0);

        // The tail, then everything, then everything once more before a key is refused.
        Assert.Equal(51 + (2 * 152), bus.Reads(0) - before);
        Assert.Contains("follows version 1", states.Take([0], fresh: true).Damage, StringComparison.Ordinal);
        Assert.Equal(1, states.Committed([1])!.Version);
    }

    [Fact]
    public async Task A_local_copy_of_a_topic_that_was_made_anew_is_not_believed()
    {
        Commit(0, version: 1, keys: 50);
        await GiveBack(0);
        bus.Identity = "made anew";

        using StateFollower<Text> restarted = Follower(keepsWarm: false, Cache());
        int before = bus.Reads(0);
        Assert.Equal(50, (await Claimed(restarted, 0)).Count);
        Assert.Equal(51, bus.Reads(0) - before);
    }

    public async ValueTask DisposeAsync()
    {
        copies.Dispose();
        owner.Dispose();
        await inner.DisposeAsync();
    }

    private static StateRecord Record(long version) =>
        new(version, version.ToString(CultureInfo.InvariantCulture), -1, DateTimeOffset.UnixEpoch, null, [1]);

    private static async Task<PartitionStates<Text>> Claimed(StateFollower<Text> follower, int partition) => (await Complete(follower, partition)).States!;

    private static async Task<StateClaim<Text>> Complete(StateFollower<Text> follower, int partition)
    {
        var done = new TaskCompletionSource<StateClaim<Text>>(TaskCreationOptions.RunContinuationsAsynchronously);
        follower.Claim(new StateClaim<Text>(new TopicPartition("event", partition), 1, done.SetResult, done.SetException));
        return await done.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private StateFollower<Text> Follower(bool keepsWarm, StateCache? cache = null, Action<byte[], string>? onRefused = null) => new(
        "follower",
        Topic,
        keepsWarm,
        partition => new PartitionStates<Text>(
            new TopicPartition("event", partition), 0, onRefused ?? (static (_, reason) => Assert.Fail(reason)), cache?.Open(new TopicPartition(Topic, partition))),
        bus,
        TimeProvider.System);

    private StateCache Cache() => new(copies.Path, 1, TimeProvider.System, NullLogger.Instance);

    /// <summary>A process reads a partition, leaves its marker, and ends in good order. The marker is written once.</summary>
    private async Task GiveBack(int partition)
    {
        var statePartition = new TopicPartition(Topic, partition);
        using StateFollower<Text> follower = Follower(keepsWarm: false, Cache());
        PartitionStates<Text> states = await Claimed(follower, partition);
        if (states.Marker is null)
        {
            states.Marker = new CrashMarker("process", 0);
            owner.Commit([new OutgoingRecord(statePartition, PartitionStates<Text>.MarkerKey, states.Marker.Encode())], new Dictionary<TopicPartition, long>(), null);
        }

        follower.GiveBack(states, new StorePoint(inner.OffsetsOf(statePartition).End, TimeProvider.System.GetUtcNow()));
    }

    private void Commit(int partition, long version, int keys) => owner.Commit(
        [.. Enumerable.Range(0, keys).Select(key => new OutgoingRecord(new TopicPartition(Topic, partition), [(byte)key], StateRecordCodec.Encode(Record(version))))],
        new Dictionary<TopicPartition, long>(), null);

    /// <summary>Counts the records that are read of each partition.</summary>
    private sealed class CountingReads(IMessageBus inner) : IMessageBus
    {
        private readonly int[] reads = new int[3];

        public MessagingTransientException? Failure { get; set; }

        public string? Identity { get; set; }

        /// <summary>Called whenever a reader is opened.</summary>
        public Action? Opening { get; set; }

        public int Reads(int partition) => Volatile.Read(ref reads[partition]);

        public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt)
        {
            Opening?.Invoke();
            return new Reader(this, inner.OpenReader(partitions, startAt, pace));
        }

        public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => inner.EnsureTopics(topics);

        public int PartitionCount(string topic) => inner.PartitionCount(topic);

        public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
            inner.JoinGroup(group, memberName, topics, listener);

        public OffsetRange OffsetsOf(TopicPartition partition) => inner.OffsetsOf(partition);

        public string TopicIdentity(string topic) => Identity ?? inner.TopicIdentity(topic);

        public ITransactionalProducer OpenTransactional(string transactionalId) => inner.OpenTransactional(transactionalId);

        public IBatchProducer OpenProducer(string clientId) => inner.OpenProducer(clientId);

        public Task<bool> Evict(DeadWorker dead) => inner.Evict(dead);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private sealed class Reader(CountingReads owner, IPartitionReader reader) : IPartitionReader
        {
            public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
            {
                if (owner.Failure is { } failure) throw failure;
                IReadOnlyList<ConsumedRecord> records = reader.Poll(recordsMax, wait);
                foreach (ConsumedRecord record in records) Interlocked.Increment(ref owner.reads[record.Partition.Partition]);
                return records;
            }

            public void Add(TopicPartition partition, long from) => reader.Add(partition, from);

            public void Remove(TopicPartition partition) => reader.Remove(partition);

            public long EndOffset(TopicPartition partition) => owner.Failure is { } failure ? throw failure : reader.EndOffset(partition);

            public long Position(TopicPartition partition) => reader.Position(partition);

            public void Wakeup() => reader.Wakeup();

            public void Dispose() => reader.Dispose();
        }
    }
}
