namespace Corda.Workers.Flow.Engine;

/// <summary>Arithmetic on points in time.</summary>
internal static class Instants
{
    /// <summary>The instant after a duration; the end of the calendar where it would lie beyond.</summary>
    public static DateTimeOffset AddOrMax(this DateTimeOffset instant, TimeSpan duration) =>
        duration > DateTimeOffset.MaxValue - instant ? DateTimeOffset.MaxValue : instant + duration;
}
