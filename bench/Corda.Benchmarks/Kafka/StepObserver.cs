using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Sees every committed checkpoint the moment a read-committed reader can: a plain client, no part of the product. From what it saw it tells the
/// longest silence of every flow, and whether anything was lost or done twice.
/// </summary>
internal sealed class StepObserver : IDisposable
{
    private static readonly TimeSpan EndsTimeout = TimeSpan.FromSeconds(20);

    private readonly IConsumer<byte[], byte[]> consumer;
    private readonly ConcurrentQueue<Seen> seen = new();
    private readonly Thread thread;
    private volatile bool stop;

    public StepObserver(string bootstrap, string topic, int partitions)
    {
        consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "observer",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            FetchWaitMaxMs = 50,
            ReconnectBackoffMaxMs = 200,
        }).Build();

        // The ends of this moment: "the end" would be that of whenever the first fetch is made, and miss what began before.
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartition(topic, p)).Select(
            p => new TopicPartitionOffset(p, consumer.QueryWatermarkOffsets(p, EndsTimeout).High)));
        thread = new Thread(Watch) { IsBackground = true };
        thread.Start();
    }

    /// <summary>Now, on the clock of what was seen.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>All checkpoints seen in a span of time.</summary>
    public IReadOnlyList<Seen> Between(TimeSpan from, TimeSpan to) => [.. seen.Where(one => one.At >= from && one.At <= to)];

    /// <summary>
    /// The longest silence of each flow between two moments. A silence counts from the last checkpoint before <paramref name="from"/>'s end to the next
    /// one, or to <paramref name="to"/> if none came.
    /// </summary>
    public IReadOnlyList<Silence> Silences(TimeSpan from, TimeSpan to)
    {
        var silences = new List<Silence>();
        foreach (IGrouping<(string Flow, int Partition), Seen> flow in Between(from, to).GroupBy(static one => (one.Flow, one.Partition)))
        {
            TimeSpan[] at = [.. flow.Select(static one => one.At).Order(), to];
            silences.Add(at.Zip(at.Skip(1), (a, b) => new Silence(flow.Key.Partition, b - a)).MaxBy(static one => one.Length)!);
        }

        return silences;
    }

    /// <summary>
    /// The versions of every flow that began while this looked on, as they stand in the log: 1, 2, 3 ... to its last, each once. A step that is lost leaves a gap; one that is
    /// done twice is there twice, or one more than there are steps.
    /// </summary>
    public IReadOnlyList<long[]> Versions() =>
    [
        .. seen.GroupBy(static one => one.Flow).Select(static flow => flow.Select(static one => one.Version).ToArray()).Where(static versions => versions.Contains(1)),
    ];

    public void Dispose()
    {
        stop = true;
        thread.Join();
        consumer.Close();
        consumer.Dispose();
    }

    private void Watch()
    {
        while (!stop)
        {
            // A key that begins with a zero byte is the lane's own note, not a flow's.
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { Message: { Value: not null, Key: [> 0, ..] } } one)
            {
                seen.Enqueue(new Seen(Now, Convert.ToHexString(one.Message.Key), one.Partition, VersionOf(one.Message.Value)));
            }
        }
    }

    // A byte of format, then the version.
    private static long VersionOf(byte[] state) => BinaryPrimitives.ReadInt64LittleEndian(state.AsSpan(1));

    /// <summary>Between two checkpoints of a flow.</summary>
    internal sealed record Silence(int Partition, TimeSpan Length);

    /// <summary>One committed checkpoint.</summary>
    internal readonly record struct Seen(TimeSpan At, string Flow, int Partition, long Version);
}
