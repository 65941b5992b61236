namespace Corda.Workers.Messaging;

/// <summary>Growing delays: the first, then twice as long each time, up to the longest. Pure.</summary>
/// <param name="First">After the first failure.</param>
/// <param name="Longest">Never more than this.</param>
internal sealed record BackOff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>The delay after so many failures in a row (1 or more).</summary>
    public TimeSpan After(int failures)
    {
        double factor = Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        return TimeSpan.FromTicks((long)Math.Min(First.Ticks * factor, Longest.Ticks));
    }
}
