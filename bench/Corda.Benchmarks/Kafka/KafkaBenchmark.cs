namespace Corda.Benchmarks.Kafka;

/// <summary>State-and-event beside the bare transaction loop of the same client, batch and record sizes and settings, measured in turns.</summary>
internal sealed class KafkaBenchmark(string folder, string bootstrap)
{
    private const int Partitions = 4;
    private const int OneByOne = 500;
    private const int Turns = 4;
    private static readonly int[] Batches = [1, 10, 100, 500, 2_000];
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    private readonly BareTransactionLoop bare = new(bootstrap, Partitions);
    private readonly StateAndEventOnKafka plain = new(bootstrap, Partitions);
    private readonly StateAndEventOnKafka product = new(bootstrap, Partitions, Path.Combine(folder, "copies"));

    public void Run()
    {
        Console.WriteLine("| events in a transaction | bare loop events/s | state-and-event events/s | of the bare loop | with copies and follower events/s | of the bare loop |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|");
        foreach (int batch in Batches)
        {
            // In turns, because the machine changes its pace: each side is as good as its best run, the first of which is cold. Every other turn in the other order.
            Func<double>[] sides =
            [
                () => bare.EventsPerSecond(batch, Duration), () => plain.EventsPerSecond(batch, Duration), () => product.EventsPerSecond(batch, Duration),
            ];
            var best = new double[sides.Length];
            for (int turn = 0; turn < Turns; turn++)
            {
                foreach (int side in turn % 2 == 0 ? [0, 1, 2] : (int[])[2, 1, 0]) best[side] = Math.Max(best[side], sides[side]());
            }

            Console.WriteLine($"| {batch} | {best[0]:F0} | {best[1]:F0} | {best[1] / best[0]:P0} | {best[2]:F0} | {best[2] / best[0]:P0} |");
        }

        Console.WriteLine();
        Console.WriteLine("| one event at a time, published to seen by a reader | p50 ms | p99 ms |");
        Console.WriteLine("|---|---:|---:|");
        Print("bare loop", bare.Latencies(OneByOne));
        Print("state-and-event", plain.Latencies(OneByOne));
        Print("state-and-event with copies and follower", product.Latencies(OneByOne));
    }

    private static void Print(string what, IReadOnlyList<double> latencies) =>
        Console.WriteLine($"| {what} | {Quantile.Of(latencies, 0.5):F2} | {Quantile.Of(latencies, 0.99):F2} |");
}
