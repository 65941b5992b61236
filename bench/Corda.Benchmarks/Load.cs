using System.Collections.Concurrent;
using System.Diagnostics;

namespace Corda.Benchmarks;

/// <summary>A closed loop: so many clients, each starting its next unit of work when the last one has ended.</summary>
internal static class Load
{
    /// <summary>Runs the loop and measures it.</summary>
    /// <param name="clients">How many at once.</param>
    /// <param name="duration">How long to measure, after a warm-up of a quarter of it.</param>
    /// <param name="work">One unit of work; its argument is a number never given before.</param>
    public static async Task<LoadResult> RunAsync(int clients, TimeSpan duration, Func<long, Task> work)
    {
        long next = 0;
        var latencies = new ConcurrentBag<double>();
        long measureFrom = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds / 4 * Stopwatch.Frequency);
        long until = measureFrom + (long)(duration.TotalSeconds * Stopwatch.Frequency);

        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() is var begin && begin < until)
            {
                await work(Interlocked.Increment(ref next));
                // Only what began and ended within the measured time counts: no start without its end.
                if (begin >= measureFrom && Stopwatch.GetTimestamp() <= until) latencies.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }
        })));

        double[] sorted = [.. latencies.Order()];
        return new LoadResult(sorted.Length / duration.TotalSeconds, Percentile(sorted, 0.50), Percentile(sorted, 0.99));
    }

    private static double Percentile(double[] sorted, double p) => sorted.Length == 0 ? double.NaN : sorted[(int)(p * (sorted.Length - 1))];
}

/// <summary>What was measured.</summary>
/// <param name="PerSecond">Units of work that began and ended within the measured time, a second.</param>
/// <param name="P50Ms">Median latency.</param>
/// <param name="P99Ms">99th percentile.</param>
internal sealed record LoadResult(double PerSecond, double P50Ms, double P99Ms);
