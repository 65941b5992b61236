namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Flows a second and their latency on a real broker with one, two and three flow workers, through REST, all on the same machine: once with all of it, once with a part
/// of a core for each flow worker, so that it is the workers that are the limit, and not the machine they share.
/// </summary>
internal sealed class ScaleBenchmark(string folder, BenchBroker broker)
{
    private const int Partitions = 12;
    private const double CoresOfWorker = 0.2;
    private static readonly int[] Clients = [1, 16, 64];
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LimitedDuration = TimeSpan.FromSeconds(8);

    // In no order that could favour more or fewer.
    private static readonly int[] WorkerCounts = [3, 1, 2];

    private static readonly (string Name, string Flow, string Body)[] Scenarios =
    [
        ("no suspension", "Countdown", """{"steps":0,"delayMs":0}"""),
        ("10 suspensions", "Countdown", """{"steps":10,"delayMs":0}"""),
        ("ping-pong, 20 rounds", "PingPong", """{"counterparty":"BOB","rounds":20}"""),
    ];

    private readonly List<(string Name, int Workers, LoadResult Load)> limited = [];

    public async Task RunAsync()
    {
        string? whyNoQuota = CpuQuota.WhyNone;
        Console.WriteLine("| flow | flow workers | clients | flows/s | p50 ms | p99 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (int workers in WorkerCounts) await MeasureAsync(workers, withQuota: whyNoQuota is null);

        Console.WriteLine();
        if (whyNoQuota is not null)
        {
            Console.WriteLine($"Not measured with a part of a core for each worker: {whyNoQuota}");
            return;
        }

        Console.WriteLine($"| flow, {Clients[^1]} clients | flow workers with {CoresOfWorker} cores each | flows/s | p50 ms | p99 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach ((string name, int workers, LoadResult load) in limited.OrderBy(static row => row.Workers))
        {
            Console.WriteLine($"| {name} | {workers} | {load.PerSecond:F0} | {load.P50Ms:F1} | {load.P99Ms:F1} |");
        }
    }

    // Everybody is new: processes, topics, groups.
    private async Task MeasureAsync(int workers, bool withQuota)
    {
        await broker.ClearAsync();
        await using WorkerCluster cluster = await WorkerCluster.StartAsync(Path.Combine(folder, $"{workers}"), broker.Bootstrap, Partitions, workers);
        foreach ((string name, string flow, string template) in Scenarios)
        {
            await WarmUp.UntilSteadyAsync($"{name}, {workers} workers", Flow("warm", flow, template));
        }

        foreach ((string name, string flow, string template) in Scenarios)
        {
            foreach (int clients in Clients)
            {
                LoadResult load = await Load.RunAsync(clients, Duration, Flow($"free-{clients}", flow, template));
                Console.WriteLine($"| {name} | {workers} | {clients} | {load.PerSecond:F0} | {load.P50Ms:F1} | {load.P99Ms:F1} |");
            }
        }

        if (!withQuota) return;
        using CpuQuota quota = CpuQuota.Give(cluster.Workers.Values.Select(static worker => worker.ProcessId), CoresOfWorker);
        foreach ((string name, string flow, string template) in Scenarios)
        {
            limited.Add((name, workers, await Load.RunAsync(Clients[^1], LimitedDuration, Flow("limited", flow, template))));
        }

        Func<long, Task> Flow(string phase, string flow, string template) => n => cluster.StartFlowAsync(
            $"{phase}-{flow}-{template.Length}-{n}", flow, template.Replace("BOB", cluster.Bob, StringComparison.Ordinal), waitSeconds: 30);
    }
}
