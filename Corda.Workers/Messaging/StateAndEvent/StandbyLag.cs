namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>How far warm copies are behind what their owners have written, looked at now and then: asking costs the brokers something.</summary>
internal sealed class StandbyLag(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long? lookedAt;
    private long records = -1;

    /// <summary>In records, a few seconds ago; null for never looked at. Any thread.</summary>
    public long? Records => Interlocked.Read(ref records) is >= 0 and long known ? known : null;

    /// <summary>Looks, if it is time to. One thread.</summary>
    public void Look(Func<long> recordsBehind)
    {
        if (lookedAt is null || time.GetElapsedTime(lookedAt.Value) >= Interval)
        {
            lookedAt = time.GetTimestamp();
            Interlocked.Exchange(ref records, recordsBehind());
        }
    }
}
