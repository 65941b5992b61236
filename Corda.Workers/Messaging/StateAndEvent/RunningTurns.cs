namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>The turns of a batch that threads are busy with, and since when. Belongs to its batch and its lock.</summary>
/// <param name="longest">A turn that is seen running longer is stuck.</param>
/// <param name="time">The clock of the turns.</param>
internal sealed class RunningTurns<TState, TEvent>(TimeSpan longest, TimeProvider time)
    where TState : class
    where TEvent : class
{
    /// <summary>How often the lane looks after running steps while it waits; real time, for a test's clock may stand still.</summary>
    public static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(20);

    // A process that was stopped and goes on (a paused machine, a debugger) must not take its steps for stuck: only time that it saw pass counts.
    private static readonly TimeSpan CountedPerLookMax = 5 * WatchInterval;

    private readonly List<RunningTurn<TState, TEvent>> turns = [];

    public int Count => turns.Count;

    public RunningTurn<TState, TEvent> Begin(KeyQueue<TState, TEvent> key, StepInput<TEvent>? input, StepWorker worker)
    {
        var turn = new RunningTurn<TState, TEvent>(key, input, worker, time.GetTimestamp());
        turns.Add(turn);
        return turn;
    }

    /// <summary>False if the turn was given up meanwhile.</summary>
    public bool End(RunningTurn<TState, TEvent> turn) => turns.Remove(turn);

    /// <summary>Looks after all of them, and takes out those that are stuck.</summary>
    public IReadOnlyList<RunningTurn<TState, TEvent>> TakeStuck()
    {
        turns.ForEach(turn => turn.Look(time, CountedPerLookMax));
        List<RunningTurn<TState, TEvent>> stuck = turns.FindAll(turn => turn.Seen > longest);
        stuck.ForEach(turn => turns.Remove(turn));
        return stuck;
    }
}
