namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Wakes the one thread that polls. Level-triggered: a <see cref="Set"/> before the wait is not lost. Its lock is a leaf; it may be taken under
/// any other. Time is the provider's, so that a test's clock also ends waits.
/// </summary>
internal sealed class WakeSignal : IDisposable
{
    /// <summary>Timers do not take just any time span; who really waits for a day looks again then.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly object gate = new();
    private readonly ITimer timer;
    private bool set;

    public WakeSignal(TimeProvider time) =>
        timer = time.CreateTimer(static self => ((WakeSignal)self!).Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Ends the wait, or the next one. Any thread.</summary>
    public void Set()
    {
        lock (gate)
        {
            if (!set)
            {
                set = true;
                Monitor.Pulse(gate);
            }
        }
    }

    /// <summary>Waits until it is set, at most so long (or a little less), and resets it. The caller looks again at what it waits for.</summary>
    public void Wait(TimeSpan wait)
    {
        timer.Change(wait < LongestWait ? wait : LongestWait, Timeout.InfiniteTimeSpan);
        lock (gate)
        {
            while (!set)
            {
                Monitor.Wait(gate);
            }

            set = false;
        }
    }

    public void Dispose() => timer.Dispose();
}
