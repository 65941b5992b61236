using Corda.IntegrationTests.Kafka;

namespace Corda.Benchmarks.Kafka;

/// <summary>Everything that is measured on a real broker: that of <c>CORDA_TEST_KAFKA</c>, else one of our own.</summary>
internal static class KafkaBenchmark
{
    private const int Partitions = 4;
    private const int OneByOne = 500;
    private static readonly int[] Batches = [1, 10, 100, 500, 2_000];
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    /// <summary>Runs <paramref name="benchmark"/> with a broker.</summary>
    public static Task WithBrokerAsync(Func<string, Task> benchmark) =>
        Environment.GetEnvironmentVariable("CORDA_TEST_KAFKA") is { Length: > 0 } given ? benchmark(given) : WithOwnBrokerAsync(benchmark);

    /// <summary>Runs <paramref name="benchmark"/> with a new broker, whatever there is.</summary>
    public static async Task WithOwnBrokerAsync(Func<string, Task> benchmark)
    {
        using Broker own = Broker.Start(KafkaTool.Find(out string? why) ?? throw new InvalidOperationException(why), 1);
        await benchmark(own.Bootstrap);
    }

    /// <summary>State-and-event beside the bare transaction loop of the same client, batch and record sizes, measured in turns.</summary>
    public static void Run(string bootstrap)
    {
        var bare = new BareTransactionLoop(bootstrap, Partitions);
        var ours = new StateAndEventOnKafka(bootstrap, Partitions);
        Console.WriteLine("| events in a transaction | bare loop events/s | state-and-event events/s | of the bare loop |");
        Console.WriteLine("|---:|---:|---:|---:|");
        foreach (int batch in Batches)
        {
            // In turns, because the machine changes its pace: each side is as good as its better run.
            double limit = 0, reached = 0;
            for (int turn = 0; turn < 2; turn++)
            {
                limit = Math.Max(limit, bare.EventsPerSecond(batch, Duration));
                reached = Math.Max(reached, ours.EventsPerSecond(batch, Duration));
            }

            Console.WriteLine($"| {batch} | {limit:F0} | {reached:F0} | {reached / limit:P0} |");
        }

        double[] bareLatency = [.. bare.Latencies(OneByOne).Order()];
        double[] ourLatency = [.. ours.Latencies(OneByOne).Order()];
        Console.WriteLine();
        Console.WriteLine("| one event at a time, published to seen by a reader | p50 ms | p99 ms |");
        Console.WriteLine("|---|---:|---:|");
        Console.WriteLine($"| bare loop | {At(bareLatency, 0.5):F2} | {At(bareLatency, 0.99):F2} |");
        Console.WriteLine($"| state-and-event | {At(ourLatency, 0.5):F2} | {At(ourLatency, 0.99):F2} |");
    }

    private static double At(double[] sorted, double p) => sorted[(int)(p * (sorted.Length - 1))];
}
