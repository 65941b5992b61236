using Corda.IntegrationTests.Support;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Failover as a product metric: three flow workers as processes, flows that each make a step every <see cref="Pace"/>, one worker ended in some way;
/// how long the flows it ran stood still, and the others. The session timeout is the production value of 10 s.
/// </summary>
internal sealed class FailoverBenchmark(string folder, string bootstrap)
{
    private const int Partitions = 12;
    private const int Flows = 60;
    private const string StateTopic = "flow.event.state";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);

    /// <summary>Ends one worker after the other, <paramref name="runs"/> times in each way, and prints the silences.</summary>
    public async Task RunAsync(int runs, string plotFile)
    {
        await using WorkerCluster cluster = await WorkerCluster.StartAsync(folder, bootstrap, Partitions, flowWorkers: 3);
        using var observer = new StepObserver(bootstrap, StateTopic, Partitions);
        for (int i = 0; i < Flows; i++)
        {
            await cluster.StartFlowAsync($"failover-{i}", "Countdown", $$"""{"steps":1000000,"delayMs":{{Pace.TotalMilliseconds}}}""");
        }

        Console.WriteLine($"| one of 3 workers is ended by | runs | affected flows p50 ms | p95 ms | max ms | other flows p50 ms | p95 ms | calm p95 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        await MeasureAsync("SIGKILL", cluster, observer, runs, TimeSpan.FromSeconds(5), static worker => { worker.Kill(); return Task.CompletedTask; }, plotFile);
        await MeasureAsync("SIGTERM", cluster, observer, runs, TimeSpan.FromSeconds(5), static worker => worker.TerminateAsync(), null);
        await MeasureAsync("SIGSTOP", cluster, observer, Math.Max(1, runs / 4), TimeSpan.FromSeconds(16), static worker => { worker.Pause(); return Task.CompletedTask; }, null);
    }

    private static async Task MeasureAsync(
        string how, WorkerCluster cluster, StepObserver observer, int runs, TimeSpan watch, Func<HostProcess, Task> end, string? plotFile)
    {
        var affected = new List<double>();
        var others = new List<double>();
        var calm = new List<double>();
        for (int run = 0; run < runs; run++)
        {
            await Task.Delay(Calm + Calm);
            IReadOnlyDictionary<string, IReadOnlySet<int>> owners = await cluster.PartitionsOfAsync("flow.event");
            string victim = cluster.Workers.Keys.Order(StringComparer.Ordinal).ElementAt(run % cluster.Workers.Count);
            TimeSpan before = StepObserver.Now;
            calm.AddRange(Milliseconds(observer.Silences(before - Calm, before).Select(static one => one.Length)));

            Task ended = end(cluster.Workers[victim]);
            TimeSpan killed = StepObserver.Now;
            await Task.Delay(watch);
            ILookup<bool, StepObserver.Silence> silences = observer.Silences(before - Pace, killed + watch).ToLookup(one => owners[victim].Contains(one.Partition));
            affected.AddRange(Milliseconds(silences[true].Select(static one => one.Length)));
            others.AddRange(Milliseconds(silences[false].Select(static one => one.Length)));
            if (silences[true].MaxBy(static one => one.Length) is { } worst)
            {
                Console.Error.WriteLine($"{how} {run}: {victim} had {owners[victim].Count} partitions; worst in {worst.Partition}: {worst.Length.TotalMilliseconds:F0} ms, "
                    + $"from {(worst.Since - killed).TotalMilliseconds:F0} ms after the end");
            }
            if (plotFile is not null && run == 0)
            {
                FailoverPlot.Save(plotFile, observer.Between(before - Calm, killed + watch), killed, owners[victim]);
            }

            await ended;
            cluster.Remove(victim);
            await cluster.AddAsync();
        }

        Console.WriteLine($"| {how} | {runs} | {P(affected, 0.5)} | {P(affected, 0.95)} | {P(affected, 1)} | {P(others, 0.5)} | {P(others, 0.95)} | {P(calm, 0.95)} |");
    }

    private static IEnumerable<double> Milliseconds(IEnumerable<TimeSpan> spans) => spans.Select(static span => span.TotalMilliseconds);

    private static string P(List<double> values, double p)
    {
        if (values.Count == 0) return "-";
        values.Sort();
        return $"{values[(int)(p * (values.Count - 1))]:F0}";
    }
}
