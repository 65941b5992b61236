namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Failover as a product metric: three flow workers as processes, one of which is ended in some way, or joins; how long the flows it ran stood still, and the
/// others. The session timeout is the production value of 10 s.
/// </summary>
internal sealed class FailoverBenchmark(string folder, string bootstrap)
{
    private const int Partitions = 12;
    private const int Flows = 60;
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(5);

    /// <summary>Ends one worker after the other, <paramref name="runs"/> times in each way, and prints the silences.</summary>
    public async Task RunAsync(int runs, string plotFile)
    {
        await using WorkerCluster cluster = await WorkerCluster.StartAsync(folder, bootstrap, Partitions, flowWorkers: 3);
        using var rounds = new FailoverRounds(cluster, bootstrap, Partitions);
        await rounds.StartFlowsAsync(Flows);

        Console.WriteLine("| one of 3 workers | runs | affected flows p50 ms | p95 ms | max ms | other flows p50 ms | p95 ms | calm p95 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        var join = new FailoverSilences();
        Print("is killed (SIGKILL)", runs, await rounds.RunAsync(runs, Watch, FailoverRounds.Kill, join, plotFile));
        Print("is ended (SIGTERM)", runs, await rounds.RunAsync(runs, Watch, static worker => worker.TerminateAsync(), join));
        int fewer = Math.Max(1, runs / 4);
        Print("stands still (SIGSTOP)", fewer, await rounds.RunAsync(fewer, TimeSpan.FromSeconds(16), Pause, join));
        Print("joins", (2 * runs) + fewer, join);
    }

    private static Task Pause(IntegrationTests.Support.HostProcess worker)
    {
        worker.Pause();
        return Task.CompletedTask;
    }

    private static void Print(string what, int runs, FailoverSilences silences) => Console.WriteLine(
        $"| {what} | {runs} | {silences.Affected(0.5)} | {silences.Affected(0.95)} | {silences.Affected(1)} | "
        + $"{silences.Others(0.5)} | {silences.Others(0.95)} | {silences.Calm(0.95)} |");
}
