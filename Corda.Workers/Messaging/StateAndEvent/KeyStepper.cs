using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>How a step is to be run.</summary>
/// <param name="Strict">Every new state and every chained event is encoded at once.</param>
/// <param name="FromBytes">Every state is decoded from its bytes, even where an object is at hand.</param>
/// <param name="Chaining">Decides which outputs stay in the transaction.</param>
/// <param name="Now">The time of every step of the transaction.</param>
internal readonly record struct StepMode(bool Strict, bool FromBytes, IChaining Chaining, DateTimeOffset Now);

/// <summary>
/// One input of one key: decides whether it is run, held or refused, runs it, and turns every failure into an outcome. Pure but for the logs:
/// knows neither threads nor the bus. Thread-safe.
/// </summary>
internal sealed class KeyStepper<TState, TEvent>(
    StateAndEventSettings<TState, TEvent> settings,
    IStateAndEventProcessor<TState, TEvent> processor,
    RecordEncoder encoder,
    TimeProvider time,
    ILogger logger)
    where TState : class
    where TEvent : class
{
    private static readonly IReadOnlyList<StepEffect<TEvent>> NoEffects = [];

    private readonly StepResults<TState, TEvent> results = new(settings, encoder);
    private readonly DeadLetters<TState, TEvent> deadLetters = new(settings, time, logger);
    private readonly Parking parking = new(
        settings.AttemptsMax, new BackOff(settings.RetryDelay, settings.RetryDelayMax), settings.HeldMax, settings.RecordBytesMax);

    /// <summary>Processes one input. Throws nothing but bugs.</summary>
    public StepOutcome<TState, TEvent> Step(PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, StepMode mode)
    {
        if (Refusal(key, state, input) is { } refusal)
        {
            return new StepOutcome<TState, TEvent>(state, NoEffects) { DeadLetter = deadLetters.Of(key, state, input, null, refusal) };
        }

        if (input.Condemned is { } verdict)
        {
            return verdict.Silent || state.Parked is not null
                ? LetGo(key, state, input, verdict.Failure, mode)
                : Abandon(key, state, input, verdict.Failure, mode);
        }

        if (state.Parked is { } parked)
        {
            return Wait(key, state, parked, input, mode);
        }

        return input.IsDue && (state.Value is null || state.DueAt is not { } due || due > mode.Now)
            ? new StepOutcome<TState, TEvent>(state, NoEffects)
            : Run(key, state, input, mode);
    }

    /// <summary>The record of a key's last state in a transaction; null deletes it.</summary>
    /// <exception cref="RecordRefusedException">The state cannot be written.</exception>
    public StateRecord? Seal(KeyState<TState> state)
    {
        if (state.Value is null && state.Parked is null)
        {
            return null;
        }

        byte[]? payload = state.Value is { } value ? value.Bytes ?? results.EncodeState(value.Decoded!) : null;
        return new StateRecord(state.BaseVersion + 1, state.InputId!, state.LastOffset, state.DueAt, state.Parked, payload);
    }

    private static string? Refusal(PartitionKey key, KeyState<TState> state, StepInput<TEvent> input)
    {
        if (state.Damage is { } damage)
        {
            return $"the state of this key is refused: {damage}";
        }

        if (input.Id.Offset >= 0 && input.Id.Offset <= state.LastOffset)
        {
            MessagingMetrics.Duplicates.Add(1);
            return $"the state already contains offset {state.LastOffset}: a repetition, or the event topic was made anew without its state topic";
        }

        return KeyComparer.Instance.Equals(key.Key, PartitionStates<TState>.MarkerKey) ? "this key is reserved" : null;
    }

    private StepOutcome<TState, TEvent> Run(PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, StepMode mode)
    {
        TState? given;
        try
        {
            given = Decoded(state, mode.FromBytes);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // Of another build, most likely: it and all that comes for it wait for a worker that can read it. Damage would have been found by the record around it.
            return Park(key, state, input, new TransientProcessingException($"the state cannot be read: {cause.Message}", cause) { IsPatient = true }, mode);
        }

        TEvent? happened;
        try
        {
            happened = Event(input);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // Whatever a codec throws, its bytes are malformed: as a bug of the lane they would come again for ever.
            return new StepOutcome<TState, TEvent>(state, NoEffects) { DeadLetter = deadLetters.Of(key, state, input, null, cause.Message, cause) };
        }

        long started = time.GetTimestamp();
        try
        {
            var context = new StepContext(mode.Now, input.Id.ToString(), state.Version, input.Tries);
            Step<TState> step = happened is null
                ? processor.OnDue(key.Key, given!, context)
                : processor.OnEvent(key.Key, given, happened, context);
            return Accept(key, state, given, step, input, mode);
        }
        catch (TransientProcessingException cause)
        {
            return Park(key, state, input, cause, mode);
        }
        catch (RecordRefusedException cause)
        {
            return Abandon(key, state, input, new Failure(FailureKind.Refused, input.Tries + 1, cause.Message, cause), mode);
        }
        catch (Exception cause)
        {
            return Abandon(key, state, input, new Failure(FailureKind.Permanent, input.Tries + 1, cause.Message, cause), mode);
        }
        finally
        {
            MessagingMetrics.StepTime.Record(time.GetElapsedTime(started).TotalSeconds);
        }
    }

    private StepOutcome<TState, TEvent> Accept(
        PartitionKey key, KeyState<TState> state, TState? given, Step<TState> step, StepInput<TEvent> input, StepMode mode)
    {
        if (step.DeadLetter is { } reason && !CanDecodeAgain(state))
        {
            return Restart(state, reason);
        }

        KeyState<TState> next = results.Next(state, given, step, input, mode.Strict);
        IReadOnlyList<StepEffect<TEvent>> effects = results.Effects(step.Outputs, input.Id, mode);
        return new StepOutcome<TState, TEvent>(next, effects)
        {
            DeadLetter = step.DeadLetter is null ? null : deadLetters.Of(key, state, input, null, step.DeadLetter),
        };
    }

    // A parked key takes nothing until its next attempt: events queue behind, a due time is asked for again by the state itself.
    private StepOutcome<TState, TEvent> Wait(
        PartitionKey key, KeyState<TState> state, ParkedKey parked, StepInput<TEvent> input, StepMode mode)
    {
        if (input.IsDue)
        {
            return new StepOutcome<TState, TEvent>(state, NoEffects);
        }

        if (state.Value is not null && EventOrNull(input) is { } urgent && processor.Preempts(urgent))
        {
            (KeyState<TState> freed, IReadOnlyList<StepInput<TEvent>> overtaken) = Parking.Unpark<TState, TEvent>(state, parked);
            return Run(key, freed, input, mode) with { Requeue = overtaken };
        }

        if (Hold(input) is { } held && parking.Hold(parked, held, StateBytes(state)) is { } longer)
        {
            KeyState<TState> waiting = state with
            {
                Parked = longer, InputId = held.Id, LastOffset = Math.Max(state.LastOffset, input.Id.Offset),
            };
            return new StepOutcome<TState, TEvent>(waiting, NoEffects);
        }

        (KeyState<TState> unparked, IReadOnlyList<StepInput<TEvent>> inputs) = Parking.Unpark<TState, TEvent>(state, parked);
        string reason = $"{parked.Reason} ({parked.Held.Count} more inputs wait; no room for another)";
        StepOutcome<TState, TEvent> outcome = Abandon(
            key, unparked, inputs[0], new Failure(FailureKind.Transient, parked.Attempts + parked.Waits, reason), mode);
        return outcome with { Requeue = [.. inputs.Skip(1), input] };
    }

    private StepOutcome<TState, TEvent> Park(
        PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, TransientProcessingException cause, StepMode mode)
    {
        if (!CanDecodeAgain(state))
        {
            return Restart(state, cause.Message);
        }

        var failure = new Failure(FailureKind.Transient, input.Tries + 1, cause.Message, cause);
        (int attempts, int waits) = cause.IsPatient ? (input.Attempts, input.Waits + 1) : (input.Attempts + 1, input.Waits);
        ParkedKey? parked = Hold(input) is { } held ? parking.Park(held, attempts, waits, cause.Message, StateBytes(state), mode.Now) : null;
        if (parked is null)
        {
            return Abandon(key, state, input, failure, mode);
        }

        MessagingMetrics.Parked.Add(1);
        MessagingLog.KeyParked(logger, key.ToString(), parked.NextAttemptAt, failure.Attempts, input.Id.ToString(), cause.Message);
        KeyState<TState> waiting = WithoutObject(state) with
        {
            Parked = parked, InputId = input.Id.ToString(), LastOffset = Math.Max(state.LastOffset, input.Id.Offset),
        };
        return new StepOutcome<TState, TEvent>(waiting, ParkedNotice(key, state, input, failure, mode));
    }

    private IReadOnlyList<StepEffect<TEvent>> ParkedNotice(
        PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, Failure failure, StepMode mode)
    {
        try
        {
            var context = new StepContext(mode.Now, input.Id.ToString(), state.Version, input.Tries);
            IReadOnlyList<Record> outputs = processor.OnParked(key.Key, Decoded(state, fresh: true), Event(input), failure, context);
            return results.Effects(outputs, input.Id, mode);
        }
        catch (Exception cause)
        {
            MessagingLog.ParkedNoticeFailed(logger, key.ToString(), cause);
            return NoEffects;
        }
    }

    private StepOutcome<TState, TEvent> Abandon(
        PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, Failure failure, StepMode mode)
    {
        if (!CanDecodeAgain(state))
        {
            return Restart(state, failure.Reason);
        }

        DeadLetter letter = deadLetters.Of(key, state, input, failure, failure.Reason, failure.Error);
        try
        {
            TState? given = Decoded(state, fresh: true);
            var context = new StepContext(mode.Now, input.Id.ToString(), state.Version, input.Tries);
            Step<TState> step = processor.OnAbandoned(key.Key, given, EventOrNull(input), failure, context);
            StepOutcome<TState, TEvent> outcome = Accept(key, state, given, step, input, mode with { Strict = true });
            return outcome with { State = NotDueAgain(outcome.State, input, mode.Now), DeadLetter = letter };
        }
        catch (Exception cause)
        {
            MessagingLog.AbandonFailed(logger, input.Id.ToString(), key.ToString(), cause);
            var deleted = new Step<TState>(null, []);
            KeyState<TState> next = results.Next(state, null, deleted, input, strict: false) with { Value = null, DueAt = null };
            return new StepOutcome<TState, TEvent>(next with { InputId = input.Id.ToString() }, NoEffects) { DeadLetter = letter };
        }
    }

    // A due time that was given up and is still due would be given up again at once, and so on without a pause.
    private KeyState<TState> NotDueAgain(KeyState<TState> next, StepInput<TEvent> input, DateTimeOffset now) =>
        input.IsDue && next.DueAt <= now
            ? next with { DueAt = now + settings.RetryDelayMax, InputId = input.Id.ToString() }
            : next;

    // Nothing foreign is called. A state that waits stays as it is: only its next attempt may say what becomes of it.
    private StepOutcome<TState, TEvent> LetGo(
        PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, Failure failure, StepMode mode)
    {
        if (!CanDecodeAgain(state) || (input is { Event: not null, Bytes: null } && !mode.Strict))
        {
            return Restart(state, failure.Reason);
        }

        KeyState<TState> left = state with { InputId = input.Id.ToString(), LastOffset = Math.Max(state.LastOffset, input.Id.Offset) };
        return new StepOutcome<TState, TEvent>(state.Parked is null ? left with { Value = null, DueAt = null } : left, NoEffects)
        {
            DeadLetter = deadLetters.OfBytes(key, state, input, failure),
        };
    }

    private static StepOutcome<TState, TEvent> Restart(KeyState<TState> state, string reason) => new(state, NoEffects) { RestartBecause = reason };

    private static KeyState<TState> WithoutObject(KeyState<TState> state) =>
        state.Value is null ? state : state with { Value = state.Value with { Decoded = null } };

    private static bool CanDecodeAgain(KeyState<TState> state) => state.Value is null or { Bytes: not null };

    private static int StateBytes(KeyState<TState> state) => state.Value?.Bytes?.Length ?? 0;

    private TState? Decoded(KeyState<TState> state, bool fresh) => state.Value switch
    {
        null => null,
        { Decoded: { } value } when !(fresh && state.Value.Bytes is not null) => value,
        { Bytes: { } bytes } => settings.StateCodec.Decode(bytes),
        _ => throw new UnreachableException("A state without object and bytes"),
    };

    /// <summary>The event; null for a due time.</summary>
    private TEvent? Event(StepInput<TEvent> input) => input.Event ?? (input.Bytes is null ? null : settings.Events.Codec.Decode(input.Bytes));

    private TEvent? EventOrNull(StepInput<TEvent> input)
    {
        try
        {
            return Event(input);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // The dead letter has the bytes.
            return null;
        }
    }

    /// <summary>The input as it waits in a parked key; null if it cannot be written.</summary>
    private HeldInput? Hold(StepInput<TEvent> input)
    {
        try
        {
            byte[]? bytes = input.Event is null ? input.Bytes : input.Bytes ?? settings.Events.Encode(input.Event);
            return new HeldInput(input.Id.ToString(), bytes);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            MessagingLog.ParkedNoticeFailed(logger, input.Id.ToString(), cause);
            return null;
        }
    }
}
