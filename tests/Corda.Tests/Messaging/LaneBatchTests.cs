using Corda.Workers.Messaging;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.Tests.Messaging;

/// <summary>A batch as its lane has it worked off.</summary>
public sealed class LaneBatchTests : IAsyncDisposable
{
    private readonly StateAndEventRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public void What_was_due_when_it_was_taken_is_run_also_if_the_clock_is_set_back_then()
    {
        DateTimeOffset due = rig.Time.GetUtcNow().AddSeconds(10);
        var states = new PartitionStates<Text>(new(StateAndEventRig.Events.Name, 0), 0, static (_, reason) => Assert.Fail(reason));
        states.Apply([0, 0, 0, 0], StateImage.Of(new StateRecord(1, "x", -1, due, null, "a"u8.ToArray())), null);
        var parked = new ParkedKey(1, due, "not now", [new HeldInput("held", "b"u8.ToArray())]);
        states.Apply([0, 0, 0, 1], StateImage.Of(new StateRecord(1, "x", -1, null, parked, "a"u8.ToArray())), null);
        var live = new Dictionary<int, PartitionStates<Text>> { [0] = states };

        // The rig's clock stands ten seconds before what the lane read when it took the due times.
        BatchInputs<Text> inputs = LaneInputs.Collect<Text, Text>([], live, due, inputsMax: 10);
        BatchResult<Text, Text>? result = new LaneBatch<Text, Text>(Work(), live, inputs, strict: false).Work();
        Assert.Equal(["a,b", "a,due"], result!.Changes.Select(change => change.Value!.Value).Order(StringComparer.Ordinal));
    }

    private LaneWork<Text, Text> Work()
    {
        StateAndEventSettings<Text, Text> settings = StateAndEventRig.Settings("one");
        var stepper = new KeyStepper<Text, Text>(settings, rig.Processor, new RecordEncoder(rig.Bus, settings.RecordBytesMax), rig.Time, rig.Log);
        return new LaneWork<Text, Text>(settings, "me", stepper, new StepWorkers("test", 1), new CondemnedInputs(), rig.Time, rig.Log);
    }
}
