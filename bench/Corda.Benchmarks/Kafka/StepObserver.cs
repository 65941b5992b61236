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
    private readonly ConcurrentDictionary<string, TimeSpan> ended = new();
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
        }).SetLogHandler(static (_, _) => { }).Build();

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
    /// The longest silence that ends between two moments, of every flow that was seen before the first of them: whenever it began. Of a flow that was not seen between them
    /// the silence ends at the last of them.
    /// </summary>
    public IReadOnlyList<Silence> Silences(TimeSpan from, TimeSpan to)
    {
        var silences = new List<Silence>();
        foreach (IGrouping<(string Flow, int Partition), Seen> flow in seen.Where(one => one.At <= to).GroupBy(static one => (one.Flow, one.Partition)))
        {
            TimeSpan[] before = [.. flow.Select(static one => one.At).Where(at => at <= from)];
            TimeSpan end = ended.TryGetValue(flow.Key.Flow, out TimeSpan at) && at < to ? at : to;
            if (before.Length == 0 || end <= from) continue;
            TimeSpan[] after = [.. flow.Select(static one => one.At).Where(at => at > from).Order()];
            TimeSpan[] marks = [before.Max(), .. after, end];
            silences.Add(new Silence(flow.Key.Partition, marks.Zip(marks.Skip(1), static (a, b) => b - a).Max(), after.Length > 0 ? after[0] - from : null));
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
            // Keys of another length are the lanes' own notes: a flow's id has 16 bytes.
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { Message: { Key.Length: 16 } message } one) continue;
            string flow = Convert.ToHexString(message.Key);
            if (message.Value is null)
            {
                ended[flow] = Now;
            }
            else
            {
                seen.Enqueue(new Seen(Now, flow, one.Partition, VersionOf(message.Value)));
            }
        }
    }

    // A byte of format, then the version.
    private static long VersionOf(byte[] state) => BinaryPrimitives.ReadInt64LittleEndian(state.AsSpan(1));

    /// <summary>How long a flow stood still.</summary>
    /// <param name="Partition">Where its checkpoints are.</param>
    /// <param name="Length">From one of them to the next.</param>
    /// <param name="Next">From the first of the moments that were asked for to the flow's next checkpoint; null if none came.</param>
    internal sealed record Silence(int Partition, TimeSpan Length, TimeSpan? Next);

    /// <summary>One committed checkpoint.</summary>
    internal readonly record struct Seen(TimeSpan At, string Flow, int Partition, long Version);
}
