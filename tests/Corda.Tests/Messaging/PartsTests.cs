using System.Text;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;
using CsCheck;

namespace Corda.Tests.Messaging;

/// <summary>The parts of the patterns that are pure.</summary>
public sealed class PartsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_state_record_comes_back_from_its_bytes()
    {
        var record = new StateRecord(
            7, "flow.event-3@42", 42, Noon, new ParkedKey(2, Noon.AddSeconds(4), "näh", [new("a", [1, 2]), new("due", null)]) { Waits = 7 }, [1, 2, 3]);
        StateRecord read = StateRecordCodec.Decode(StateRecordCodec.Encode(record));
        Assert.Equal(record with { Parked = null, Payload = null }, read with { Parked = null, Payload = null });
        Assert.Equal(record.Payload, read.Payload);
        Assert.Equal(7, read.Parked!.Waits);
        Assert.Equal((2, Noon.AddSeconds(4), "näh"), (read.Parked!.Attempts, read.Parked.NextAttemptAt, read.Parked.Reason));
        Assert.Equal([[1, 2], null], read.Parked.Held.Select(held => held.Event));
    }

    [Fact]
    public void A_state_record_without_payload_is_not_one_with_an_empty_payload()
    {
        Assert.Null(StateRecordCodec.Decode(StateRecordCodec.Encode(new StateRecord(1, "x", -1, null, null, null))).Payload);
        Assert.Empty(StateRecordCodec.Decode(StateRecordCodec.Encode(new StateRecord(1, "x", -1, null, null, []))).Payload!);
    }

    [Fact]
    public void Damaged_bytes_are_malformed_and_never_anything_else()
    {
        byte[] sound = StateRecordCodec.Encode(new StateRecord(7, "id", 42, Noon, new ParkedKey(2, Noon, "r", [new("a", [1, 2])]), [1, 2, 3]));
        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Byte, Gen.Int[0, sound.Length]).Sample((at, value, length) =>
        {
            byte[] damaged = [.. sound[..length]];
            if (at < length)
            {
                damaged[at] = value;
            }

            try
            {
                _ = StateRecordCodec.Decode(damaged);
            }
            catch (MalformedRecordException)
            {
                // What is expected of most.
            }
        });
    }

    [Fact]
    public void A_dead_letter_comes_back_from_its_bytes()
    {
        var codec = new DeadLetterCodec();
        var letter = new DeadLetter(Noon, "flow.event", 3, "flow.event-3@42", [1], [2], null, FailureKind.Stuck, 2, "why", null);
        DeadLetter read = codec.Decode(codec.Encode(letter));
        Assert.Equal(letter with { Key = read.Key, Event = read.Event }, read);
        Assert.Equal((letter.Key, letter.Event), (read.Key, read.Event), (x, y) => x.Item1.SequenceEqual(y.Item1) && x.Item2!.SequenceEqual(y.Item2!));
    }

    [Theory]
    [InlineData("21", 4, 973_932_308)]
    [InlineData("foobar", 4, -790_332_482)]
    [InlineData("a-little-bit-long-string", 4, -985_981_536)]
    public void Keys_are_hashed_as_kafka_clients_do(string key, int partitions, int murmur2) =>
        Assert.Equal((murmur2 & 0x7FFFFFFF) % partitions, Partitioning.PartitionOf(Routing.Hash, Encoding.UTF8.GetBytes(key), partitions));

    [Fact]
    public void Keys_with_one_prefix_stay_together_and_too_short_ones_are_refused()
    {
        Assert.Equal(0x01020304 % 7, Partitioning.PartitionOf(Routing.Prefix, [1, 2, 3, 4, 99], 7));
        Assert.Equal((int)(0xFFFFFFFFu % 7), Partitioning.PartitionOf(Routing.Prefix, [255, 255, 255, 255], 7));
        Assert.Throws<RecordRefusedException>(() => Partitioning.PartitionOf(Routing.Prefix, [1, 2, 3], 7));
    }

    [Fact]
    public void Delays_double_up_to_the_longest()
    {
        var backOff = new BackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(16));
        Assert.Equal([1, 2, 4, 8, 16, 16], Enumerable.Range(1, 6).Select(n => (int)backOff.After(n).TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(16), backOff.After(int.MaxValue));
    }

    [Fact]
    public void Only_the_present_due_time_of_a_key_counts()
    {
        var due = new DueTimes();
        Want("a", 5);
        Want("b", 3);
        Want("a", 9);
        Assert.Equal(Noon.AddSeconds(3), due.Next());
        Assert.Equal(["b"], Taken(4));
        due.GiveBack("b"u8.ToArray());
        Assert.Equal(["b"], Taken(4));
        due.Set("b"u8.ToArray(), null);
        due.GiveBack("b"u8.ToArray());
        Assert.Equal(Noon.AddSeconds(9), due.Next());
        Assert.Empty(Taken(8));
        Assert.Equal(["a"], Taken(9));
        Assert.Null(due.Next());

        void Want(string key, int seconds) => due.Set(Encoding.UTF8.GetBytes(key), Noon.AddSeconds(seconds));

        List<string> Taken(int seconds)
        {
            List<string> taken = [];
            while (due.Take(Noon.AddSeconds(seconds)) is { } key)
            {
                taken.Add(Encoding.UTF8.GetString(key));
            }

            return taken;
        }
    }

    [Fact]
    public void Due_times_that_were_replaced_do_not_pile_up_until_they_would_have_come()
    {
        var due = new DueTimes();
        for (int n = 0; n < 100_000; n++)
        {
            due.Set([(byte)(n % 10)], Noon.AddSeconds(n));
        }

        Assert.InRange(due.Kept, 10, (2 * due.Count) + 1_024);
        var taken = new List<byte>();
        while (due.Take(DateTimeOffset.MaxValue) is { } key)
        {
            taken.Add(key[0]);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(n => (byte)n), taken);
    }

    [Fact]
    public void Only_the_newest_object_of_a_key_is_kept_and_none_of_a_key_that_is_gone()
    {
        var states = new PartitionStates<Text>(new("event", 0), decodedMax: 3, static (_, reason) => Assert.Fail(reason));
        for (int version = 1; version <= 10; version++)
        {
            Put(1, version);
        }

        Put(2, 1);
        Assert.Equal(2, states.DecodedCount);
        states.Apply([2], null, null);
        Assert.Equal(1, states.DecodedCount);
        Assert.Equal("10", states.Take([1], fresh: false).Value?.Decoded?.Value);
        Assert.Equal(0, states.DecodedCount);
        for (byte key = 3; key < 9; key++)
        {
            Put(key, 1);
        }

        Assert.Equal(3, states.DecodedCount);
        Assert.Null(states.Take([5], fresh: false).Value?.Decoded);
        Assert.NotNull(states.Take([6], fresh: false).Value?.Decoded);

        void Put(byte key, int version) =>
            states.Apply([key], StateImage.Of(new StateRecord(version, "x", -1, null, null, [1])), new Text($"{version}"));
    }

    [Fact]
    public async Task Lanes_that_end_leave_together()
    {
        var farewell = new Farewell(lanes: 2, TimeSpan.FromMinutes(1));
        Task first = Task.Run(farewell.Meet);
        Assert.False(first.IsCompleted);

        farewell.Meet();
        await first;
    }

    [Fact]
    public void A_lane_does_not_wait_for_ever_for_one_that_is_stuck() => new Farewell(lanes: 2, TimeSpan.FromMilliseconds(1)).Meet();

    [Theory]
    [InlineData(100_000, 100_000, "event+state")]
    [InlineData(600_000, 600_000, "|event|state")]
    [InlineData(2_000_000, 600_000, "|state")]
    [InlineData(600_000, 2_000_000, "|event")]
    [InlineData(0, 985_000, "|event|state")]
    [InlineData(2_000_000, 2_000_000, "")]
    public void Event_and_state_that_are_too_large_for_one_dead_letter_have_one_each_and_only_what_fits_into_none_is_left_out(
        int eventBytes, int stateBytes, string expected)
    {
        const int RecordBytesMax = 990_000;
        Topic<DeadLetter> topic = DeadLetter.TopicOf(Topics.FlowEvent);
        var letter = new DeadLetter(
            DateTimeOffset.UnixEpoch, "flow.event", 3, "flow.event-3@7", [1], new byte[eventBytes], new byte[stateBytes], FailureKind.Refused, 2, "why", "trace");

        OutgoingRecord[] records = [.. DeadLetterRecords.Of(topic, letter, RecordBytesMax)];

        Assert.All(records, record => Assert.True(record.Key.Length + record.Value!.Length <= RecordBytesMax));
        DeadLetter[] read = [.. records.Select(record => topic.Codec.Decode(record.Value))];
        Assert.All(read, one => Assert.Equal(("flow.event-3@7", "why", 2), (one.InputId, one.Reason, one.Attempts)));
        Assert.Equal(
            expected,
            string.Join("|", read.Select(one => string.Join("+", new[] { one.Event is null ? null : "event", one.State is null ? null : "state" }.OfType<string>()))));
    }

    [Fact]
    public void Presences_of_all_workers_lie_in_one_partition_so_that_whoever_hears_itself_hears_the_others() => Assert.All(
        Enumerable.Range(0, 50).Select(static n => System.Text.Encoding.UTF8.GetBytes($"worker-{n}")),
        static key => Assert.Equal(0, Partitioning.PartitionOf(Topics.WorkerPresence.Routing, key, partitionCount: 12)));

    [Fact]
    public void Batches_are_halved_while_they_are_slow_or_fail_and_grow_again()
    {
        var size = new BatchSize(500, TimeSpan.FromSeconds(1));
        Commit(500, seconds: 3);
        Assert.Equal(250, size.Max);
        size.Worked(250);
        Assert.Equal(125, size.Max);
        Commit(125, seconds: 0.1);
        Assert.Equal(250, size.Max);
        Commit(7, seconds: 0.1);
        Assert.Equal(250, size.Max);
        Commit(250, seconds: 0.1);
        Assert.Equal(500, size.Max);
        for (int i = 0; i < 12; i++) size.Worked(size.Max);
        Assert.Equal(1, size.Max);

        void Commit(int inputs, double seconds)
        {
            size.Worked(inputs);
            size.Committed(inputs, TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public void Chained_inputs_have_short_and_different_names()
    {
        InputId id = InputId.OfEvent(new("flow.event", 3), 42);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < 1_000; i++)
        {
            Assert.True(names.Add(id.Child(0).ToString()) && names.Add(id.Child(1).ToString()), "two inputs have one name");
            id = id.Child(i % 2);
        }

        Assert.All(names, name => Assert.InRange(name.Length, 1, 50));
    }

    [Fact]
    public void Spilled_events_hold_back_later_ones_until_they_are_read_also_after_a_failed_batch()
    {
        var spilled = new SpilledEvents();
        byte[] key = [1];
        spilled.Written(key, [10]);
        spilled.Written(key, [20]);
        spilled.Reading(key, [99]);
        spilled.Reading(key, [10]);
        Assert.True(spilled.Any([1]));
        spilled.Reading(key, [20]);
        Assert.False(spilled.Any([1]));
        spilled.Unread();
        Assert.True(spilled.Any([1]));
        spilled.Reading(key, [10]);
        spilled.Reading(key, [20]);
        spilled.Read();
        spilled.Unread();
        Assert.False(spilled.Any([1]));
    }

    [Fact]
    public void Loops_that_have_ended_stay_ended()
    {
        LoopState[] all = Enum.GetValues<LoopState>();
        Assert.All(all, next => Assert.False(next.MayFollow(LoopState.Stopped) || next.MayFollow(LoopState.Failed)));
        Assert.True(LoopState.Running.MayFollow(LoopState.BackingOff) && LoopState.BackingOff.MayFollow(LoopState.Running));
        Assert.False(LoopState.BackingOff.MayFollow(LoopState.Created));
    }
}
