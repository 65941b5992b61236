namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// The client cannot be woken while it waits, so it waits in short pieces: a hundred calls a second cost a thread a few parts in ten thousand, and a wake-up
/// or the end of a rebalance is seen within ten milliseconds. A record ends the wait at once.
/// </summary>
internal static class PollSlice
{
    private const int LongestMs = 10;

    /// <summary>Milliseconds to wait at a time where so much is left.</summary>
    public static int Of(TimeSpan left) => left <= TimeSpan.Zero ? 0 : (int)Math.Clamp(Math.Ceiling(left.TotalMilliseconds), 1, LongestMs);
}
