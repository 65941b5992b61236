namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Hot/hot against active/standby, on the same broker and machine: what a second worker adds to the throughput, and what the death of one costs. Active/standby is the
/// same product with a single partition: one worker owns all work, the others follow its states and wait for its death. For the throughput every flow worker has a small
/// part of a core, so that it is the workers that are the limit, and not the machine they share.
/// </summary>
internal sealed class StandbyBenchmark(string folder, BenchBroker broker)
{
    private const int Clients = 64;
    private const int Flows = 60;
    private const double CoresOfWorker = 0.2;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(5);

    /// <summary>Measures both.</summary>
    /// <exception cref="InvalidOperationException">This machine lets nobody limit a worker: without, one worker takes all of it and there is nothing to see.</exception>
    public async Task RunAsync(int runs)
    {
        if (CpuQuota.WhyNone is { } why) throw new InvalidOperationException(why);
        Console.WriteLine("| way | flow workers | flows/s | p99 ms | flows that a kill affects | their silence p50 ms | p95 ms | other flows p95 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        await MeasureAsync("hot/hot", partitions: 12, runs);
        await MeasureAsync("active/standby", partitions: 1, runs);
    }

    private async Task MeasureAsync(string way, int partitions, int runs)
    {
        await broker.ClearAsync();
        await using WorkerCluster cluster =
            await WorkerCluster.StartAsync(Path.Combine(folder, way.Replace('/', '-')), broker.Bootstrap, partitions, flowWorkers: 1);
        LoadResult one = await ThroughputAsync(cluster);
        Console.WriteLine($"| {way} | 1 | {one.PerSecond:F0} | {one.P99Ms:F0} | - | - | - | - |");
        await cluster.AddAsync();
        await cluster.AddAsync();
        LoadResult three = await ThroughputAsync(cluster);

        using var rounds = new FailoverRounds(cluster, broker.Bootstrap, partitions);
        await rounds.StartFlowsAsync(Flows);
        FailoverSilences silences = await rounds.RunAsync(runs, Watch, rounds.Kill, join: new FailoverSilences());
        Console.WriteLine(
            $"| {way} | 3 | {three.PerSecond:F0} | {three.P99Ms:F0} | {silences.AffectedShare:F0} % | "
            + $"{silences.Affected(0.5)} | {silences.Affected(0.95)} | {silences.Others(0.95)} |");
    }

    private static async Task<LoadResult> ThroughputAsync(WorkerCluster cluster)
    {
        int workers = cluster.Workers.Count;
        Func<string, Func<long, Task>> start = phase => n => cluster.StartFlowAsync($"{phase}-{workers}-{n}", "Countdown", """{"steps":10,"delayMs":0}""", waitSeconds: 30);

        // Without the limit: within a fifth of a core it would take minutes until all code is compiled in full.
        await WarmUp.UntilSteadyAsync($"{workers} workers", start("warm"));
        using CpuQuota quota = CpuQuota.Give(cluster.Workers.Values.Select(static worker => worker.ProcessId), CoresOfWorker);
        return await Load.RunAsync(Clients, Duration, start("measured"));
    }
}
