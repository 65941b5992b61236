using System.Diagnostics;
using Corda.Workers.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// One transaction's work: every key's inputs in order, keys in parallel, chained events included; then the new states are encoded. The step workers
/// take turns, the lane waits and watches them. Everything mutable is under one lock, held for moments only; steps run outside of it.
/// </summary>
internal sealed class LaneBatch<TState, TEvent> : ISharedWork, IChaining
    where TState : class
    where TEvent : class
{
    // How often the lane looks after running steps while it waits; real time, for a test's clock may stand still.
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(20);

    // A process that was stopped and goes on (a paused machine, a debugger) must not take its steps for stuck: only time that it saw pass counts.
    private static readonly TimeSpan CountedPerLookMax = 5 * WatchInterval;

    private readonly object gate = new();
    private readonly StateAndEventSettings<TState, TEvent> settings;
    private readonly KeyStepper<TState, TEvent> stepper;
    private readonly StepWorkers workers;
    private readonly IReadOnlyDictionary<int, PartitionStates<TState>> partitions;
    private readonly CondemnedInputs condemned;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly StepMode mode;
    private readonly long startedAt;

    private readonly BatchKeys<TState, TEvent> keys;
    private readonly List<RunningTurn<TState, TEvent>> running = [];
    private readonly List<Write<TEvent>> writes = [];
    private readonly List<DeadLetter> deadLetters = [];
    private readonly List<(PartitionKey Key, string Input)> judged = [];
    private readonly List<KeyChange<TState>> changes = [];
    private int helpers;
    private int chained;
    private bool sealing;
    private string? restartBecause;
    private Exception? bug;

    public LaneBatch(
        LaneWork<TState, TEvent> work,
        IReadOnlyDictionary<int, PartitionStates<TState>> partitions,
        BatchInputs<TEvent> inputs,
        bool strict)
    {
        (settings, _, stepper, workers, condemned, time, logger) = work;
        this.partitions = partitions;
        mode = new StepMode(strict || settings.AlwaysRestoreFromBytes, settings.AlwaysRestoreFromBytes, this);
        keys = new BatchKeys<TState, TEvent>(partitions, mode.FromBytes, time.GetUtcNow());
        startedAt = time.GetTimestamp();
        foreach (PartitionKey woken in inputs.Woken)
        {
            keys.Wake(woken);
        }

        foreach ((PartitionKey key, StepInput<TEvent> input) in inputs.Inputs)
        {
            keys.Append(key, input);
        }
    }

    /// <summary>Set once the batch has ended without a result: it must be worked off again, strictly.</summary>
    public string? RestartBecause => restartBecause;

    /// <summary>Works the batch off. Blocks; called by the lane.</summary>
    /// <returns>The result; null if the batch must be worked off again (<see cref="RestartBecause"/>).</returns>
    public BatchResult<TState, TEvent>? Work()
    {
        lock (gate)
        {
            GoOn();
            while (!HasEnded())
            {
                Monitor.Wait(gate, WatchInterval);
                GiveUpStuckTurns();
            }

            if (bug is not null)
            {
                throw new InvariantException($"A step ended with an error that is not its processor's: {bug}");
            }

            return restartBecause is not null
                ? null
                : new BatchResult<TState, TEvent>(changes, writes, deadLetters, judged, keys.Owners, chained);
        }
    }

    /// <inheritdoc/>
    bool IChaining.MayChain(PartitionKey to) =>
        Volatile.Read(ref chained) < settings.ChainMax
        && time.GetElapsedTime(startedAt) < settings.ChainTimeMax
        && partitions.TryGetValue(to.Partition, out PartitionStates<TState>? owner)
        && !owner.Spilled.Any(to.Key);

    /// <inheritdoc/>
    bool ISharedWork.Turn(StepWorker worker)
    {
        if (Begin(worker) is not { } turn)
        {
            return false;
        }

        try
        {
            return turn.Input is null
                ? EndSealing(turn, Sealed(turn.Key))
                : EndStep(turn, stepper.Step(turn.Key.Key, turn.Key.State, turn.Input, mode));
        }
        catch (Exception cause)
        {
            return EndInError(turn, cause);
        }
    }

    private RunningTurn<TState, TEvent>? Begin(StepWorker worker)
    {
        lock (gate)
        {
            if (HasToStop() || keys.Next() is not { } key)
            {
                // Under the same lock under which keys become ready: none is overlooked.
                helpers--;
                return null;
            }

            var turn = new RunningTurn<TState, TEvent>(key, sealing ? null : Judged(key.Key, key.Take()!), worker, time.GetTimestamp());
            running.Add(turn);
            return turn;
        }
    }

    private StepInput<TEvent> Judged(PartitionKey key, StepInput<TEvent> input)
    {
        if (condemned.Find(key, input.Id.ToString()) is not { } failure)
        {
            return input;
        }

        judged.Add((key, input.Id.ToString()));
        return input with { Condemned = failure };
    }

    private KeyChange<TState> Sealed(KeyQueue<TState, TEvent> key)
    {
        StateRecord? record = stepper.Seal(key.State);
        byte[]? bytes = record is null ? null : StateRecordCodec.Encode(record);
        return new KeyChange<TState>(key.Owner, key.Key, key.State.BaseVersion, record, bytes, key.State.Value?.Decoded);
    }

    private bool EndStep(RunningTurn<TState, TEvent> turn, StepOutcome<TState, TEvent> outcome)
    {
        lock (gate)
        {
            if (!Ended(turn))
            {
                return false;
            }

            if (outcome.RestartBecause is not null)
            {
                Restart(outcome.RestartBecause);
                return true;
            }

            turn.Key.State = outcome.State;
            turn.Key.Prepend(outcome.Requeue);
            Take(outcome);
            ChainDue(turn);
            keys.Release(turn.Key);
            GoOn();
            return true;
        }
    }

    private bool EndSealing(RunningTurn<TState, TEvent> turn, KeyChange<TState> change)
    {
        lock (gate)
        {
            if (!Ended(turn))
            {
                return false;
            }

            if (change.Record is not null || change.Before > 0)
            {
                changes.Add(change);
            }

            GoOn();
            return true;
        }
    }

    private bool EndInError(RunningTurn<TState, TEvent> turn, Exception cause)
    {
        lock (gate)
        {
            if (!Ended(turn))
            {
                return false;
            }

            // A state that cannot be written shows only now, unless every step's state was encoded at once.
            if (cause is RecordRefusedException && sealing && !mode.Strict)
            {
                Restart(cause.Message);
            }
            else
            {
                bug = cause;
            }

            GoOn();
            return true;
        }
    }

    /// <summary>False if the turn was given up meanwhile: its result is not wanted any more.</summary>
    private bool Ended(RunningTurn<TState, TEvent> turn)
    {
        if (running.Remove(turn))
        {
            return true;
        }

        MessagingLog.StuckThreadReturned(logger, turn.Worker.Name, time.GetElapsedTime(turn.StartedAt));
        return false;
    }

    private void Take(StepOutcome<TState, TEvent> outcome)
    {
        if (outcome.DeadLetter is not null)
        {
            deadLetters.Add(outcome.DeadLetter);
        }

        foreach (StepEffect<TEvent> effect in outcome.Effects)
        {
            switch (effect)
            {
                case Write<TEvent> write:
                    writes.Add(write);
                    break;
                case Chain<TEvent> chain:
                    chained++;
                    keys.Append(chain.To, chain.Input);
                    break;
                default:
                    throw new UnreachableException($"StepEffect {effect}");
            }
        }
    }

    // A state that is due at once (a sleep of no time at all) goes on in this transaction, as a chained event does.
    private void ChainDue(RunningTurn<TState, TEvent> turn)
    {
        KeyQueue<TState, TEvent> key = turn.Key;
        bool due = key.State is { Parked: null, Value: not null, Changed: true } && key.State.DueAt <= time.GetUtcNow();
        if (due && !key.HasInput && ((IChaining)this).MayChain(key.Key))
        {
            chained++;
            key.Append(new StepInput<TEvent>(turn.Input!.Id.ChildDue(), null, null));
        }
    }

    // At the end of every turn: more help if there is more to do, the next phase if there is nothing more, the lane if all is done.
    private void GoOn()
    {
        if (!sealing && !HasToStop() && keys.ReadyCount == 0 && running.Count == 0)
        {
            sealing = true;
            keys.ReadyChanged();
        }

        CallHelp();
        if (HasEnded())
        {
            Monitor.PulseAll(gate);
        }
    }

    private void CallHelp()
    {
        int wanted = Math.Min(keys.ReadyCount, workers.Count) - helpers;
        if (wanted > 0 && !HasToStop())
        {
            helpers += wanted;
            workers.Offer(this, wanted);
        }
    }

    private void Restart(string reason)
    {
        restartBecause ??= reason;
        GoOn();
    }

    private bool HasToStop() => restartBecause is not null || bug is not null;

    private bool HasEnded() => running.Count == 0 && (HasToStop() || (sealing && keys.ReadyCount == 0));

    private void GiveUpStuckTurns()
    {
        running.ForEach(turn => turn.Look(time, CountedPerLookMax));
        foreach (RunningTurn<TState, TEvent> turn in running.Where(turn => turn.Seen > settings.StepTimeout).ToList())
        {
            GiveUp(turn, turn.Seen);
        }
    }

    // The stuck thread may still be changing the objects it was given: the state is taken from its bytes again, never from there.
    private void GiveUp(RunningTurn<TState, TEvent> turn, TimeSpan elapsed)
    {
        KeyQueue<TState, TEvent> key = turn.Key;
        string input = turn.Input?.Id.ToString() ?? key.State.InputId!;
        MessagingLog.StepStuck(logger, turn.Worker.Name, elapsed, key.Key.ToString(), input);
        MessagingMetrics.StuckSteps.Add(1);
        running.Remove(turn);
        helpers--;
        workers.Replace(turn.Worker);
        string reason = $"The step ran longer than {settings.StepTimeout} without coming to an end; its thread {turn.Worker.Name} was given up.";
        condemned.Add(key.Key, input, new Failure(FailureKind.Stuck, (turn.Input?.Attempts ?? 0) + 1, reason));
        if (turn.Input is null || key.State.Value is { Bytes: null })
        {
            Restart(reason);
            return;
        }

        if (key.State.Value is { } value)
        {
            key.State = key.State with { Value = value with { Decoded = null } };
        }

        key.Prepend([turn.Input]);
        keys.Release(key);
        GoOn();
    }
}
