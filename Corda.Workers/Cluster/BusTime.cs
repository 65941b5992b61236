namespace Corda.Workers.Cluster;

/// <summary>
/// A clock that runs only while this worker's own beats come back over the bus: silence of others that is measured by it is theirs. While the bus stands, or this
/// process, it stands too; that they then come back all at once does not make up for it. Used by one thread.
/// </summary>
/// <param name="beatInterval">How often a beat is sent.</param>
/// <param name="time">The clock on the wall.</param>
internal sealed class BusTime(TimeSpan beatInterval, TimeProvider time)
{
    private long? lastBeat;

    /// <summary>How long the bus has carried beats, as far as this worker knows.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>An own beat has come back.</summary>
    public void Beat()
    {
        long now = time.GetTimestamp();
        if (lastBeat is { } last)
        {
            // A beat vouches for the time since the last one, if that is the time of one beat, give or take.
            TimeSpan passed = time.GetElapsedTime(last, now);
            Now += passed < 2 * beatInterval ? passed : beatInterval;
        }

        lastBeat = now;
    }
}
