namespace Corda.Benchmarks.Kafka;

/// <summary>Flows a second and their latency on a real broker with one, two and three flow workers, through REST, all on the same machine.</summary>
internal sealed class ScaleBenchmark(string folder, string bootstrap)
{
    private const int Partitions = 12;
    private static readonly int[] Clients = [1, 16, 64];
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    private static readonly (string Name, string Flow, string Body)[] Scenarios =
    [
        ("no suspension", "Countdown", """{"steps":0,"delayMs":0}"""),
        ("10 suspensions", "Countdown", """{"steps":10,"delayMs":0}"""),
        ("ping-pong, 20 rounds", "PingPong", """{"counterparty":"BOB","rounds":20}"""),
    ];

    public async Task RunAsync()
    {
        Console.WriteLine("| flow | flow workers | clients | flows/s | p50 ms | p99 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        await using WorkerCluster cluster = await WorkerCluster.StartAsync(folder, bootstrap, Partitions, flowWorkers: 0);
        for (int workers = 1; workers <= 3; workers++)
        {
            await cluster.AddAsync();
            foreach ((string name, string flow, string template) in Scenarios)
            {
                string body = template.Replace("BOB", cluster.Bob, StringComparison.Ordinal);
                await Load.RunAsync(16, TimeSpan.FromSeconds(2), n => cluster.StartFlowAsync($"warm-{workers}-{name.Length}-{n}", flow, body, waitSeconds: 30));
                foreach (int clients in Clients)
                {
                    LoadResult load = await Load.RunAsync(
                        clients, Duration, n => cluster.StartFlowAsync($"scale-{workers}-{name.Length}-{clients}-{n}", flow, body, waitSeconds: 30));
                    Console.WriteLine($"| {name} | {workers} | {clients} | {load.PerSecond:F0} | {load.P50Ms:F1} | {load.P99Ms:F1} |");
                }
            }
        }
    }
}
