namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>A step (or, without an input, an encoding) that a thread is busy with.</summary>
internal sealed class RunningTurn<TState, TEvent>(KeyQueue<TState, TEvent> key, StepInput<TEvent>? input, StepWorker worker, long startedAt)
    where TState : class
    where TEvent : class
{
    public KeyQueue<TState, TEvent> Key => key;

    public StepInput<TEvent>? Input => input;

    public StepWorker Worker => worker;

    public long StartedAt { get; } = startedAt;

    /// <summary>How long the turn has been seen running. Less than the time since its start where the whole process stood still meanwhile.</summary>
    public TimeSpan Seen { get; private set; }

    private long LookedAt { get; set; } = startedAt;

    /// <summary>Looks after the turn. Called under the batch's lock.</summary>
    /// <param name="time">The clock of its start.</param>
    /// <param name="mostPerLook">What counts at most since the last look: who looks later than this has been paused himself.</param>
    public void Look(TimeProvider time, TimeSpan mostPerLook)
    {
        long now = time.GetTimestamp();
        TimeSpan elapsed = time.GetElapsedTime(LookedAt, now);
        Seen += elapsed < mostPerLook ? elapsed : mostPerLook;
        LookedAt = now;
    }
}
