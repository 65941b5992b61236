using ScottPlot;

namespace Corda.Benchmarks.Kafka;

/// <summary>Steps a second over time through the death of a worker: those of the partitions it owned, and those of all others.</summary>
internal static class FailoverPlot
{
    private static readonly TimeSpan Bucket = TimeSpan.FromMilliseconds(100);

    public static void Save(string file, IReadOnlyList<StepObserver.Seen> seen, TimeSpan killed, IReadOnlySet<int> partitions)
    {
        using var plot = new Plot();
        plot.Title("One of three flow workers is killed (SIGKILL)");
        plot.XLabel("seconds after the kill");
        plot.YLabel("committed steps / s");
        Add(plot, "partitions of the killed worker", [.. seen.Where(one => partitions.Contains(one.Partition))], seen, killed);
        Add(plot, "all other partitions", [.. seen.Where(one => !partitions.Contains(one.Partition))], seen, killed);
        ScottPlot.Plottables.VerticalLine line = plot.Add.VerticalLine(0);
        line.Color = Colors.Red;
        line.LegendText = "kill -9";
        plot.ShowLegend(Alignment.LowerRight);
        plot.SavePng(file, 1000, 450);
    }

    private static void Add(Plot plot, string name, IReadOnlyList<StepObserver.Seen> some, IReadOnlyList<StepObserver.Seen> all, TimeSpan killed)
    {
        int first = (int)Math.Floor((all.Min(static one => one.At) - killed) / Bucket) + 1;
        int last = (int)Math.Floor((all.Max(static one => one.At) - killed) / Bucket) - 1;
        ILookup<int, StepObserver.Seen> buckets = some.ToLookup(one => (int)Math.Floor((one.At - killed) / Bucket));
        int[] times = [.. Enumerable.Range(first, last - first + 1)];
        ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(
            times.Select(static n => n * Bucket.TotalSeconds).ToArray(), times.Select(n => buckets[n].Count() / Bucket.TotalSeconds).ToArray());
        line.LegendText = name;
        line.LineWidth = 2;
    }
}
