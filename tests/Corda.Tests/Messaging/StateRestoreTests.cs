using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.Tests.Messaging;

/// <summary>A state partition may be compacted while it is read: what is seen then need not be what was ever there.</summary>
public sealed class StateRestoreTests
{
    private static readonly TopicPartition Partition = new("event.state", 0);
    private readonly List<string> refused = [];

    [Fact]
    public async Task A_state_made_anew_whose_tombstone_was_compacted_away_during_the_reading_is_sound()
    {
        PartitionStates<Text> states = await Restored([Of(1, 5, "old"), Of(1, 1, "new"), Of(2, 7, "other")], [Of(1, 1, "new"), Of(2, 7, "other")]);
        Assert.Empty(refused);
        Assert.Equal((1L, "new"), (states.Committed([1])!.Version, states.Committed([1])!.InputId));
        Assert.Equal(2, states.Count);
        Assert.Equal(states.Committed([1])!.DueAt, states.DueTimes.Next());
        Assert.Equal(2, states.DueTimes.Count);
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    public async Task A_version_that_does_not_rise_in_both_readings_is_refused_and_told_once(long first, long second)
    {
        ConsumedRecord[] log = [Of(1, first, "one"), Of(1, second, "two"), Of(2, 1, "sound")];
        PartitionStates<Text> states = await Restored(log, log);
        Assert.Contains("follows version 3", Assert.Single(refused), StringComparison.Ordinal);
        Assert.NotNull(states.Take([1], fresh: true).Damage);
        Assert.Equal("sound", states.Committed([2])?.InputId);
    }

    [Fact]
    public async Task A_sound_partition_is_read_once()
    {
        await Restored([Of(1, 1, "a"), Of(1, 9, "b"), new ConsumedRecord(Partition, 0, [1], null, default), Of(1, 1, "c")]);
        Assert.Empty(refused);
    }

    private static ConsumedRecord Of(byte key, long version, string input) => new(
        Partition, 0, [key], StateRecordCodec.Encode(new StateRecord(version, input, -1, new DateTimeOffset(2026, 1, key, 0, 0, 0, TimeSpan.Zero), null, [1])), default);

    private async Task<PartitionStates<Text>> Restored(params ConsumedRecord[][] readings)
    {
        var bus = new ScriptedBus(readings);
        using var follower = new StateFollower<Text>(
            "restore", Partition.Topic, keepsWarm: false, partition => new PartitionStates<Text>(new TopicPartition("event", partition), 0, (_, reason) => refused.Add(reason)),
            bus, TimeProvider.System);
        var done = new TaskCompletionSource<StateClaim<Text>>(TaskCreationOptions.RunContinuationsAsynchronously);
        follower.Claim(new StateClaim<Text>(new TopicPartition("event", 0), 1, done.SetResult, done.SetException));
        StateClaim<Text> restored = await done.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(readings.Length, bus.Readings);
        return restored.States!;
    }

    /// <summary>Each reader finds what the script says.</summary>
    private sealed class ScriptedBus(ConsumedRecord[][] readings) : IMessageBus
    {
        public int Readings { get; private set; }

        public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) => new Reader(this);

        public OffsetRange OffsetsOf(TopicPartition partition) => throw new NotSupportedException();

        public string TopicIdentity(string topic) => throw new NotSupportedException();

        public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => throw new NotSupportedException();

        public int PartitionCount(string topic) => throw new NotSupportedException();

        public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
            throw new NotSupportedException();

        public ITransactionalProducer OpenTransactional(string transactionalId) => throw new NotSupportedException();

        public IBatchProducer OpenProducer(string clientId) => throw new NotSupportedException();

        public Task<bool> Evict(DeadWorker dead) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private ConsumedRecord[] ReadAgain() => readings[Readings++];

        private sealed class Reader(ScriptedBus bus) : IPartitionReader
        {
            private ConsumedRecord[] records = [];
            private int position;

            public void Add(TopicPartition partition, long from) => (records, position) = (bus.ReadAgain(), 0);

            public void Remove(TopicPartition partition)
            {
            }

            public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait) => [records[position++]];

            public long EndOffset(TopicPartition partition) => records.Length;

            public long Position(TopicPartition partition) => position;

            public void Wakeup()
            {
            }

            public void Dispose()
            {
            }
        }
    }
}
