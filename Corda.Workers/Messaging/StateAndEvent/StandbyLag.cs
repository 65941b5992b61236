namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>How far warm copies are behind what their owners have written, looked at now and then: asking costs the brokers something.</summary>
internal sealed class StandbyLag(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private Task looking = Task.CompletedTask;
    private long? lookedAt;
    private long records = -1;

    /// <summary>In records, a few seconds ago; null for never looked at. Any thread.</summary>
    public long? Records => Interlocked.Read(ref records) is >= 0 and long known ? known : null;

    /// <summary>Has it looked at, if it is time to. One thread, which does not wait for it.</summary>
    /// <param name="behind">Called here; what it answers may block, and is called on another thread.</param>
    public void Look(Func<Func<long>> behind)
    {
        if (looking.IsCompleted && (lookedAt is null || time.GetElapsedTime(lookedAt.Value) >= Interval))
        {
            lookedAt = time.GetTimestamp();
            Func<long> recordsBehind = behind();
            looking = OwnThread.Run(() => Look(recordsBehind));
        }
    }

    private void Look(Func<long> recordsBehind)
    {
        try
        {
            Interlocked.Exchange(ref records, recordsBehind());
        }
        catch (MessagingTransientException)
        {
            // A number for people: it stays what it was.
        }
    }
}
