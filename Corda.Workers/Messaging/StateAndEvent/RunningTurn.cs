namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>A step (or, without an input, an encoding) that a thread is busy with.</summary>
internal sealed class RunningTurn<TState, TEvent>(KeyQueue<TState, TEvent> key, StepInput<TEvent>? input, StepWorker worker, long startedAt)
    where TState : class
    where TEvent : class
{
    public KeyQueue<TState, TEvent> Key => key;

    public StepInput<TEvent>? Input => input;

    public StepWorker Worker => worker;

    public long StartedAt => startedAt;
}
