namespace Corda.Benchmarks.Kafka;

/// <summary>
/// The only broker is killed and started again under three flow workers: how long it takes from its first answer to a client until flows go on.
/// </summary>
internal sealed class RestartBenchmark(string folder, BenchBroker broker)
{
    private const int Partitions = 12;
    private const int Workers = 3;
    private const int Flows = 60;
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(30);

    public async Task RunAsync(int runs)
    {
        if (!broker.IsOwn)
        {
            Console.WriteLine("No broker was killed: this one is somebody else's.");
            return;
        }

        await broker.ClearAsync();
        await using WorkerCluster cluster = await WorkerCluster.StartAsync(folder, broker.Bootstrap, Partitions, Workers);
        using var rounds = new FailoverRounds(cluster, broker.Bootstrap, Partitions);
        await rounds.StartFlowsAsync(Flows);
        BrokerRestarts restarts = await rounds.RestartBrokerAsync(runs, Watch, broker.RestartAsync);
        Console.WriteLine("| runs | away p50 ms | to first flow's next step p50 ms | p95 ms | max ms | to last flow's p50 ms | p95 ms | max ms | silent to the end |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        Console.WriteLine($"| {runs} | {Quantile.Text(restarts.Gone, 0.5)} | {Cells(restarts.First)} | {Cells(restarts.Last)} | {restarts.Silent} |");
    }

    private static string Cells(IReadOnlyList<double> values) => $"{Quantile.Text(values, 0.5)} | {Quantile.Text(values, 0.95)} | {Quantile.Text(values, 1)}";
}
