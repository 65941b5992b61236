namespace Corda.Workers.Messaging;

/// <summary>
/// The logic of a state-and-event subscription. Pure: state and input in, new state and outputs out, no I/O. The subscription commits new
/// states, outputs and consumed inputs in one transaction, and only then does memory take the new states.
/// </summary>
/// <remarks>
/// Called on worker threads, one call at a time for a key, many keys at once. States and events are immutable; a state object handed back
/// may carry a cache that is not part of its bytes: it comes back with the same version, or not at all.
/// A <see cref="TransientProcessingException"/> parks the key; any other exception abandons the input (<see cref="OnAbandoned"/>).
/// </remarks>
public interface IStateAndEventProcessor<TState, TEvent>
    where TState : class
    where TEvent : class
{
    /// <summary>An event for a key.</summary>
    Step<TState> OnEvent(byte[] key, TState? state, TEvent input, StepContext context);

    /// <summary>Whether an event overtakes those that wait in a parked key with a state: they come after it, to the state that it leaves. Must not throw.</summary>
    bool Preempts(TEvent input) => false;

    /// <summary>The time that the state asked for with <see cref="Step{TState}.DueAt"/> has come.</summary>
    Step<TState> OnDue(byte[] key, TState state, StepContext context);

    /// <summary>The key was parked after a transient failure and will be tried again. Outputs only (a status, for instance); the state stays.</summary>
    IReadOnlyList<Record> OnParked(byte[] key, TState? state, TEvent? input, Failure failure, StepContext context);

    /// <summary>
    /// The input will not be processed: it failed for good, its attempts are spent, or it ran too long. It goes to the dead letters together
    /// with the state; this decides what becomes of the key. Must not throw: then the state is deleted. Where it does not come to an end, it is not
    /// asked again, and the state is deleted too; the dead letter has it.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="state">The last committed state.</param>
    /// <param name="input">The event, or null where it was a due time.</param>
    /// <param name="failure">Why.</param>
    /// <param name="context">Time and place.</param>
    Step<TState> OnAbandoned(byte[] key, TState? state, TEvent? input, Failure failure, StepContext context);
}

/// <summary>The outcome of one step.</summary>
/// <param name="State">The key's new state; null deletes it.</param>
/// <param name="Outputs">Records that are committed together with the state. One addressed to a key that the same lane owns is processed in the same transaction.</param>
/// <param name="DueAt">When <see cref="IStateAndEventProcessor{TState,TEvent}.OnDue"/> shall be called at the earliest; null for never. Replaces the former one.</param>
/// <param name="DeadLetter">Why the input also goes to the dead letters; null for not.</param>
public sealed record Step<TState>(TState? State, IReadOnlyList<Record> Outputs, DateTimeOffset? DueAt = null, string? DeadLetter = null)
    where TState : class;

/// <summary>Time and place of a step.</summary>
/// <param name="Now">The time of the step.</param>
/// <param name="InputId">Names the input: the same again when the input is processed again.</param>
/// <param name="StateVersion">The version of the state handed in, 0 for none; rises by one with each committed change within a transaction.</param>
/// <param name="FailedAttempts">How often this input has failed for now and was parked before: 0 for one that comes for the first time.</param>
public readonly record struct StepContext(DateTimeOffset Now, string InputId, long StateVersion, int FailedAttempts = 0);

/// <summary>Why a step failed.</summary>
/// <param name="Kind">The sort of failure.</param>
/// <param name="Attempts">How often it was tried, this time included.</param>
/// <param name="Reason">For people.</param>
/// <param name="Error">The exception, where there was one.</param>
public sealed record Failure(FailureKind Kind, int Attempts, string Reason, Exception? Error = null);

/// <summary>The sort of failure of a step.</summary>
public enum FailureKind
{
    /// <summary>The processor threw <see cref="TransientProcessingException"/>.</summary>
    Transient,

    /// <summary>The processor threw something else.</summary>
    Permanent,

    /// <summary>The step ran longer than the watchdog allows; its thread was given up.</summary>
    Stuck,

    /// <summary>The process died several times while it worked on this input.</summary>
    CrashLoop,

    /// <summary>An output or the state cannot be written (too large, cannot be encoded).</summary>
    Refused,
}
