using System.Runtime.ExceptionServices;
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
    private readonly RunningTurns<TState, TEvent> running;
    private readonly BatchYield<TState, TEvent> soFar;
    private int helpers;
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
        mode = new StepMode(strict || settings.AlwaysRestoreFromBytes, settings.AlwaysRestoreFromBytes, this, inputs.Now);
        keys = new BatchKeys<TState, TEvent>(partitions, mode.FromBytes, inputs.Now);
        running = new RunningTurns<TState, TEvent>(settings.StepTimeout, time);
        soFar = new BatchYield<TState, TEvent>(keys);
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
                Monitor.Wait(gate, RunningTurns<TState, TEvent>.WatchInterval);
                foreach (RunningTurn<TState, TEvent> stuck in running.TakeStuck())
                {
                    GiveUp(stuck);
                }
            }

            if (bug is MessagingIndefiniteException or MessagingFencedException)
            {
                // The local copy of the states failed while a chained event's key was looked up.
                ExceptionDispatchInfo.Throw(bug);
            }

            if (bug is not null)
            {
                throw new InvariantException($"A step ended with an error that is not its processor's: {bug}");
            }

            return restartBecause is null ? soFar.Result() : null;
        }
    }

    /// <inheritdoc/>
    bool IChaining.MayChain(PartitionKey to) =>
        soFar.Chained < settings.ChainMax
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

            return running.Begin(key, sealing ? null : Judged(key.Key, key.Take()!), worker);
        }
    }

    private StepInput<TEvent> Judged(PartitionKey key, StepInput<TEvent> input)
    {
        if (condemned.Find(key, input.Id.ToString()) is not { } verdict)
        {
            return input;
        }

        soFar.Judged(key, input.Id.ToString());
        return input with { Condemned = verdict };
    }

    private KeyChange<TState> Sealed(KeyQueue<TState, TEvent> key)
    {
        StateImage? after = stepper.Seal(key.State) is { } record ? StateImage.Of(record) : null;
        return new KeyChange<TState>(key.Owner, key.Key, key.State.BaseVersion, after, key.State.Value?.Decoded);
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

            Take(turn, outcome);
            GoOn();
            return true;
        }
    }

    private void Take(RunningTurn<TState, TEvent> turn, StepOutcome<TState, TEvent> outcome)
    {
        try
        {
            turn.Key.State = outcome.State;
            turn.Key.Prepend(outcome.Requeue);
            soFar.Take(outcome);
            ChainDue(turn);
            keys.Release(turn.Key);
        }
        catch (Exception cause)
        {
            // The turn has ended already: nobody else would say so.
            bug = cause;
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

            soFar.Take(change);
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
        if (running.End(turn))
        {
            return true;
        }

        MessagingLog.StuckThreadReturned(logger, turn.Worker.Name, time.GetElapsedTime(turn.StartedAt));
        return false;
    }

    // A state that is due at once (a sleep of no time at all) goes on in this transaction, as a chained event does.
    private void ChainDue(RunningTurn<TState, TEvent> turn)
    {
        KeyQueue<TState, TEvent> key = turn.Key;
        bool due = key.State is { Parked: null, Value: not null, Changed: true } && key.State.DueAt <= mode.Now;
        if (due && !key.HasInput && ((IChaining)this).MayChain(key.Key))
        {
            soFar.Chain(key.Key, new StepInput<TEvent>(turn.Input!.Id.ChildDue(), null, null));
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

    // The stuck thread may still be changing the objects it was given: the state is taken from its bytes again, never from there.
    private void GiveUp(RunningTurn<TState, TEvent> turn)
    {
        KeyQueue<TState, TEvent> key = turn.Key;
        string input = turn.Input?.Id.ToString() ?? key.State.InputId!;
        MessagingLog.StepStuck(logger, turn.Worker.Name, turn.Seen, key.Key.ToString(), input);
        MessagingMetrics.StuckSteps.Add(1);
        helpers--;
        workers.Replace(turn.Worker);
        Verdict verdict = Condemn(turn, key.Key, input);
        if (turn.Input is null || key.State.Value is { Bytes: null })
        {
            Restart(verdict.Failure.Reason);
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

    // Who was condemned already got stuck while he was abandoned: the second time nobody is asked any more.
    private Verdict Condemn(RunningTurn<TState, TEvent> turn, PartitionKey key, string input)
    {
        string stuck = $"ran longer than {settings.StepTimeout} without coming to an end; its thread {turn.Worker.Name} was given up.";
        Verdict verdict = condemned.Find(key, input) is { } former
            ? new Verdict(former.Failure with { Reason = $"{former.Failure.Reason} Its abandonment, too, {stuck}" }, Silent: true)
            : new Verdict(new Failure(FailureKind.Stuck, (turn.Input?.Attempts ?? 0) + 1, $"The step {stuck}"), Silent: false);
        condemned.Add(key, input, verdict);
        return verdict;
    }
}
