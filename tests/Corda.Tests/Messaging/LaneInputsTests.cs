using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.Tests.Messaging;

/// <summary>What gets into a batch.</summary>
public sealed class LaneInputsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_backlog_of_events_does_not_hold_back_due_times()
    {
        Dictionary<int, PartitionStates<Text>> live = Partitions(1);
        Due(live[0], key: 1, Noon);
        ConsumedRecord[] backlog = [.. Enumerable.Range(0, 8).Select(n => new ConsumedRecord(live[0].EventPartition, n, [9], [1], Noon))];

        Assert.Equal(9, LaneInputs.Collect<Text, Text>(backlog, live, Noon, inputsMax: 8).Count);
    }

    [Fact]
    public void One_at_a_time_means_one_also_where_something_is_due()
    {
        Dictionary<int, PartitionStates<Text>> live = Partitions(1);
        Due(live[0], key: 1, Noon);
        var only = new ConsumedRecord(live[0].EventPartition, 0, [9], [1], Noon);

        Assert.Equal(1, LaneInputs.Collect<Text, Text>([only], live, Noon, inputsMax: 1).Count);
    }

    [Fact]
    public void Partitions_with_much_that_is_due_leave_room_for_what_was_due_earlier_elsewhere()
    {
        Dictionary<int, PartitionStates<Text>> live = Partitions(2);
        for (byte key = 0; key < 10; key++)
        {
            Due(live[0], key, Noon.AddSeconds(-1));
        }

        Due(live[1], key: 1, Noon.AddSeconds(-2));
        BatchInputs<Text> batch = LaneInputs.Collect<Text, Text>([], live, Noon, inputsMax: 4);
        Assert.Equal([1, 0, 0, 0], batch.Inputs.Select(input => input.Key.Partition));
    }

    [Fact]
    public void A_key_that_asked_twice_for_the_same_time_is_called_once()
    {
        Dictionary<int, PartitionStates<Text>> live = Partitions(1);
        Due(live[0], key: 1, Noon);
        live[0].DueTimes.Set([1], Noon);

        Assert.Equal(1, LaneInputs.Collect<Text, Text>([], live, Noon, inputsMax: 4).Count);
    }

    private static Dictionary<int, PartitionStates<Text>> Partitions(int count) => Enumerable.Range(0, count).ToDictionary(
        p => p, p => new PartitionStates<Text>(new TopicPartition("event", p), 0, static (_, reason) => Assert.Fail(reason)));

    private static void Due(PartitionStates<Text> states, byte key, DateTimeOffset at)
    {
        states.Apply([key], StateImage.Of(new StateRecord(1, "x", -1, at, null, [1])), null);
    }
}
