using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Finds the input that kills the process, or whose transaction the bus refuses: partitions whose former owner died without having worked off what it had found are taken
/// one input at a time, each attempt counted durably before it begins. Costs one small commit at every takeover, and a record beside a later batch of the partition, or one
/// more small commit where the lane has nothing else to do. One thread.
/// </summary>
internal sealed class Caution<TState, TEvent>(
    StateAndEventSettings<TState, TEvent> settings, string lane, string owner, LaneProducer<TState, TEvent> producer, ILogger logger)
    where TState : class
    where TEvent : class
{
    private int oneByOne;
    private Attempt? attempt;

    /// <summary>How many inputs the next batch may have.</summary>
    public int InputsMax(IReadOnlyDictionary<int, PartitionStates<TState>> live) =>
        oneByOne > 0 || live.Values.Any(static states => states.Suspicion is { OneByOne: true }) ? 1 : settings.BatchMax;

    /// <summary>Leaves a marker in restored partitions, before anything of them is processed.</summary>
    public void TakeOver(IReadOnlyList<PartitionStates<TState>> restored, IGroupConsumer consumer, DateTimeOffset now)
    {
        foreach (PartitionStates<TState> states in restored)
        {
            states.CommittedPosition = consumer.Position(states.EventPartition);
        }

        var takeovers = restored.Select(states => (States: states, Takeover: CrashMarker.OnTakeover(states.Marker, states.CommittedPosition, owner))).ToList();
        producer.Commit(
            takeovers.ConvertAll(one => producer.MarkerRecord(one.States.EventPartition.Partition, one.Takeover.Write)),
            Positions(restored),
            consumer.Membership);
        foreach ((PartitionStates<TState> states, (CrashMarker write, bool cautious)) in takeovers)
        {
            states.Marker = write;
            states.Suspicion = new Suspicion(now, cautious, settings.BatchMax);
            if (cautious)
            {
                MessagingLog.PartitionCautious(logger, lane, states.EventPartition.ToString());
            }
        }
    }

    /// <summary>Counts an attempt that is made alone; condemns the input if there were too many.</summary>
    public void Before(
        BatchInputs<TEvent> inputs,
        IReadOnlyDictionary<int, PartitionStates<TState>> live,
        IGroupConsumer consumer,
        CondemnedInputs condemned)
    {
        attempt = null;
        if (Cautious(inputs, live) is not { } states)
        {
            return;
        }

        (PartitionKey key, string input) = OnlyInput(inputs, live);
        attempt = new Attempt(states, $"{Convert.ToHexStringLower(key.Key)}/{input}");
        if (condemned.Find(key, input) is not null)
        {
            return;
        }

        // One attempt more than may fail: the abandonment, which may kill the process just as well. After that it is done in silence.
        CrashMarker? marker = CrashMarker.BeforeAttempt(states.Marker, attempt.Id, states.CommittedPosition, owner, settings.CrashAttemptsMax + 1);
        if (marker is null || marker.AttemptsAt(attempt.Id) > settings.CrashAttemptsMax)
        {
            string reason = $"The process died {settings.CrashAttemptsMax} times while it worked on this input alone.";
            var failure = new Failure(FailureKind.CrashLoop, settings.CrashAttemptsMax, marker is null ? $"{reason} Its abandonment killed it too." : reason);
            condemned.Add(key, input, new Verdict(failure, Silent: marker is null));

            // It was not it, or not it alone, if even in silence it kills: of inputs that wait together in a parked key the first was named, and all were begun.
            if (marker is null) CondemnHeld(states, key, input, condemned, failure);
        }

        if (marker is null || marker == states.Marker)
        {
            return;
        }

        producer.Commit([producer.MarkerRecord(states.EventPartition.Partition, marker)], Positions([states]), consumer.Membership);
        states.Marker = marker;
    }

    /// <summary>Whose markers do not say yet that all that was found is worked off: that of a batch's partitions its commit says.</summary>
    public static IReadOnlyList<PartitionStates<TState>> Settling(IEnumerable<PartitionStates<TState>> some) =>
        [.. some.Where(static states => states.Suspicion is { IsOver: true })];

    /// <summary>What the commit of a batch says: the attempt that was made alone is over, and what has been worked off.</summary>
    public IReadOnlyList<OutgoingRecord> MarkersAfter(IReadOnlyList<PartitionStates<TState>> settling, IGroupConsumer consumer)
    {
        List<OutgoingRecord> markers = [.. settling.Select(states => SettledRecord(states, consumer.Position(states.EventPartition)))];
        if (attempt is { States: var states })
        {
            markers.Add(producer.MarkerRecord(states.EventPartition.Partition, AfterAttempt(attempt, consumer.Position(states.EventPartition))));
        }

        return markers;
    }

    /// <summary>The batch is committed, and memory has its states.</summary>
    public void After(
        BatchInputs<TEvent> inputs,
        IReadOnlyDictionary<int, PartitionStates<TState>> live,
        IReadOnlyList<PartitionStates<TState>> settled,
        IGroupConsumer consumer)
    {
        oneByOne = Math.Max(0, oneByOne - inputs.Count);
        if (attempt is { States: var tried })
        {
            tried.Marker = AfterAttempt(attempt, tried.CommittedPosition);
        }

        NoteSettled(settled);
        foreach (PartitionStates<TState> states in live.Values)
        {
            states.Suspicion?.BatchEnded(wasTried: states == attempt?.States, consumer.IsAtEnd(states.EventPartition), states.NextDue());
        }
    }

    /// <summary>A poll brought nothing: markers of partitions for which there may be no batch for long are changed now.</summary>
    public void NothingLeft(IReadOnlyDictionary<int, PartitionStates<TState>> live, IGroupConsumer consumer)
    {
        foreach (PartitionStates<TState> states in live.Values)
        {
            states.Suspicion?.Look(consumer.IsAtEnd(states.EventPartition), states.NextDue());
        }

        IReadOnlyList<PartitionStates<TState>> settling = Settling(live.Values);
        if (settling.Count > 0 && consumer.Membership is { IsProof: true } membership)
        {
            Settle(settling, membership);
        }
    }

    /// <summary>The bus refused a transaction: its inputs come again one by one; one that is alone already is abandoned.</summary>
    /// <exception cref="MessagingFatalException">Even the abandonment is refused.</exception>
    public void Refused(
        BatchInputs<TEvent> inputs, IReadOnlyDictionary<int, PartitionStates<TState>> live, CondemnedInputs condemned, RecordRefusedException cause)
    {
        oneByOne = Math.Max(oneByOne, inputs.Count);
        if (inputs.Count > 1)
        {
            return;
        }

        (PartitionKey key, string input) = OnlyInput(inputs, live);
        bool first = condemned.TryAdd(key, input, new Verdict(new Failure(FailureKind.Refused, 1, cause.Message, cause), Silent: false));
        if (!first)
        {
            throw new MessagingFatalException(
                $"The bus refuses even the dead letter of {input}: {cause.Message} Make its largest record at least {settings.RecordBytesMax} bytes.", cause);
        }
    }

    /// <summary>
    /// Takes the markers away: the partitions are left cleanly. One that is still taken with caution keeps its marker, for what killed its former owner may still be
    /// in there. A failure only makes the next owner cautious.
    /// </summary>
    public bool Clear(IReadOnlyList<PartitionStates<TState>> leaving, IGroupConsumer consumer)
    {
        try
        {
            producer.Commit(
                [.. leaving.Select(states => producer.MarkerRecord(states.EventPartition.Partition, Left(states)))], Positions(leaving), consumer.Membership);
        }
        catch (Exception cause)
        {
            MessagingLog.MarkerNotCleared(logger, lane, string.Join(", ", leaving.Select(static states => states.EventPartition)), cause);
            producer.Close();
            return false;
        }

        foreach (PartitionStates<TState> states in leaving)
        {
            states.Marker = Left(states);
        }

        return true;
    }

    // What killed former owners may still be there, though caution has come to its bounds.
    private static CrashMarker? Left(PartitionStates<TState> states)
    {
        CrashMarker? left = states.Marker?.OnLeaving();
        return states.Suspicion is { OneByOne: true } || (states.Suspicion is { IsOver: false } && left is { Suspects.Count: > 0 }) ? left : null;
    }

    private static void CondemnHeld(PartitionStates<TState> states, PartitionKey key, string input, CondemnedInputs condemned, Failure failure)
    {
        foreach (HeldInput held in states.Committed(key.Key)?.Parked?.Held.Where(one => one.Id != input) ?? [])
        {
            condemned.Add(key, held.Id, new Verdict(failure with { Reason = $"{failure.Reason} This one waited with it and was begun with it." }, Silent: true));
        }
    }

    // Once: where it cannot be said, and nothing else is to be said there, the next owner is cautious without a need.
    private void Settle(IReadOnlyList<PartitionStates<TState>> settling, GroupMembership membership)
    {
        try
        {
            producer.Commit([.. settling.Select(states => SettledRecord(states, states.CommittedPosition))], Positions(settling), membership);
            NoteSettled(settling);
        }
        catch (MessagingTransientException cause)
        {
            MessagingLog.MarkerNotSettled(logger, lane, string.Join(", ", settling.Select(static states => states.EventPartition)), cause.Message);
            foreach (PartitionStates<TState> states in settling)
            {
                states.Suspicion = null;
            }
        }
    }

    private CrashMarker AfterAttempt(Attempt made, long position) => CrashMarker.AfterAttempt(made.States.Marker, made.Id, position, owner);

    private OutgoingRecord SettledRecord(PartitionStates<TState> states, long position) =>
        producer.MarkerRecord(states.EventPartition.Partition, Settled(position));

    private CrashMarker Settled(long position) => new(owner, position) { Settled = true };

    private void NoteSettled(IReadOnlyList<PartitionStates<TState>> settled)
    {
        foreach (PartitionStates<TState> states in settled)
        {
            states.Marker = Settled(states.CommittedPosition);
            states.Suspicion = null;
        }
    }

    private static PartitionStates<TState>? Cautious(BatchInputs<TEvent> inputs, IReadOnlyDictionary<int, PartitionStates<TState>> live)
    {
        if (inputs.Count != 1)
        {
            return null;
        }

        int partition = inputs.Inputs.Count == 1 ? inputs.Inputs[0].Key.Partition : inputs.Woken[0].Partition;
        return live[partition] is { Suspicion.OneByOne: true } states ? states : null;
    }

    private static (PartitionKey Key, string Input) OnlyInput(
        BatchInputs<TEvent> inputs, IReadOnlyDictionary<int, PartitionStates<TState>> live) => inputs.Inputs.Count == 1
            ? (inputs.Inputs[0].Key, inputs.Inputs[0].Input.Id.ToString())
            : (inputs.Woken[0], live[inputs.Woken[0].Partition].Committed(inputs.Woken[0].Key)!.Parked!.Held[0].Id);

    // What is committed, not what has been polled: positions come along only so that the broker checks the ownership.
    private static Dictionary<TopicPartition, long> Positions(IReadOnlyList<PartitionStates<TState>> partitions) =>
        partitions.ToDictionary(static states => states.EventPartition, static states => states.CommittedPosition);

    // The one input that the batch under way has, of a partition that is taken with caution. Its key belongs to its name: due times are named by version and time.
    private sealed record Attempt(PartitionStates<TState> States, string Id);
}
