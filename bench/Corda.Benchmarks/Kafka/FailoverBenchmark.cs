using Corda.IntegrationTests.Faults.Proxy;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Failover as a product metric: three flow workers as processes, one of which is ended in some way, or joins; how long the flows it ran stood still, and the
/// others. Both group protocols, with the production session timeout of 10 s and the same heartbeat.
/// </summary>
internal sealed class FailoverBenchmark(string folder, BenchBroker broker)
{
    private const int Partitions = 12;
    private const int Workers = 3;
    private const int Flows = 60;
    private const string Classic = "Classic";
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(5);

    // The session timeout, what is promised above it, and some more, so that a takeover that is late is seen to be.
    private static readonly TimeSpan WatchOfSession = TimeSpan.FromSeconds(13);
    private readonly List<string> roundByRound = [];

    /// <summary>Ends one worker after the other and prints the silences.</summary>
    /// <param name="runs">How often in each way in the protocol that is the default.</param>
    /// <param name="runsOfOther">How often in the other protocol.</param>
    /// <param name="ways">Some of: kill, end, stop, cut.</param>
    /// <param name="plotFile">A picture of one kill.</param>
    public async Task RunAsync(int runs, int runsOfOther, IReadOnlyCollection<string> ways, string plotFile)
    {
        Console.WriteLine($"| group protocol | one of {Workers} workers | runs | {FailoverSilences.Heads} |");
        Console.WriteLine($"|---|---|---:|{FailoverSilences.Line}|");
        await ProcessesAsync(Classic, runs, ways, plotFile);
        if (runsOfOther > 0) await ProcessesAsync("Consumer", runsOfOther, ways);
        bool cuts = ways.Contains("cut");
        if (cuts && broker.IsOwn) await NetworkAsync(runs);
        Console.WriteLine();
        if (cuts && !broker.IsOwn) Console.WriteLine("No network was cut: that needs a broker of our own.\n");
        Console.WriteLine("The longest silence of an affected flow in each round, in their order, ms:");
        Console.WriteLine();
        foreach (string line in roundByRound) Console.WriteLine(line);
    }

    private async Task ProcessesAsync(string protocol, int runs, IReadOnlyCollection<string> ways, string? plotFile = null)
    {
        await broker.ClearAsync();
        await using WorkerCluster cluster = await StartAsync(protocol);
        for (int i = 0; i < Workers; i++) await cluster.AddAsync();
        using var rounds = new FailoverRounds(cluster, broker.Bootstrap, Partitions);
        await rounds.StartFlowsAsync(Flows);
        var join = new FailoverSilences();
        if (ways.Contains("kill")) Print(protocol, "is killed (SIGKILL)", await rounds.RunAsync(runs, Watch, rounds.Kill, join, plotFile));
        if (ways.Contains("end")) Print(protocol, "is ended (SIGTERM)", await rounds.RunAsync(runs, Watch, rounds.Terminate, join));
        if (ways.Contains("stop") && protocol == Classic) Print(protocol, "stands still (SIGSTOP)", await rounds.RunAsync(runs, WatchOfSession, rounds.Pause, join));
        Print(protocol, "joins", join);
    }

    // Each worker behind a proxy, which costs something, hence apart: between it and the broker nothing comes through any more, while its connections stand.
    private async Task NetworkAsync(int runs)
    {
        await broker.ClearAsync();
        await using WorkerCluster cluster = await StartAsync(Classic);
        var ways = new Dictionary<string, ChaosProxy>();
        foreach (ChaosProxy way in broker.Ways.Take(Workers)) ways.Add(await cluster.AddAsync(Through(way)), way);
        using var rounds = new FailoverRounds(cluster, broker.Bootstrap, Partitions)
        {
            SettingsInPlaceOf = victim =>
            {
                ChaosProxy way = ways[victim];
                way.Heal();
                ways.Remove(victim);
                ways.Add(cluster.NextId, way);
                return Through(way);
            },
        };
        await rounds.StartFlowsAsync(Flows);
        Print(Classic, "has its network cut", await rounds.RunAsync(runs, WatchOfSession, Cut, join: new FailoverSilences()));

        Task Cut(string worker)
        {
            ways[worker].Freeze();
            return Task.CompletedTask;
        }
    }

    private Task<WorkerCluster> StartAsync(string protocol) => WorkerCluster.StartAsync(
        Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N"))).FullName, broker.Bootstrap, Partitions, flowWorkers: 0,
        $"--Corda:Bus:Kafka:GroupProtocol={protocol}");

    private static string[] Through(ChaosProxy way) => [$"--Corda:Bus:Kafka:BootstrapServers=127.0.0.1:{way.Port}"];

    private void Print(string protocol, string what, FailoverSilences silences)
    {
        Console.WriteLine($"| {protocol} | {what} | {silences.Rounds} | {silences.Cells} |");
        roundByRound.Add($"- {protocol}, {what}: {silences.RoundByRound}");
    }
}
