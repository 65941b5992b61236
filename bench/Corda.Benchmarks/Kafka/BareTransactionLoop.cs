using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Corda.Workers.Messaging.Bus.Kafka;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// The limit that state-and-event on Kafka is held against: what the bare client does with the same batch and record sizes and the same settings. Poll, begin, produce
/// one state and one output per event, send the offsets, commit; nothing is decoded, checked or kept. Two producers take turns, as in our lanes.
/// </summary>
internal sealed class BareTransactionLoop(string bootstrap, int partitions)
{
    private const int EventBytes = 200;
    private const int StateBytes = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static int run;
    private readonly KafkaOptions options = new() { BootstrapServers = bootstrap, Partitions = partitions };

    /// <summary>Events a second through one lane.</summary>
    /// <param name="batch">Events in a transaction.</param>
    /// <param name="duration">How long to measure.</param>
    public double EventsPerSecond(int batch, TimeSpan duration)
    {
        Names names = Create();
        int events = Math.Max(2_000, batch * 300);
        Preload(names.Events, events);
        using Lane lane = new(options, names);
        long done = lane.Turn(batch);
        long start = Stopwatch.GetTimestamp();
        done = 0;
        while (Stopwatch.GetElapsedTime(start) < duration && done < events - (2 * batch))
        {
            done += lane.Turn(batch);
        }

        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>One event at a time: milliseconds from before it is produced until a read-committed reader has its output.</summary>
    public IReadOnlyList<double> Latencies(int events)
    {
        Names names = Create();
        using var stop = new CancellationTokenSource();
        var loop = new Thread(() =>
        {
            using Lane lane = new(options, names);
            while (!stop.IsCancellationRequested) lane.Turn(100);
        });
        loop.Start();
        using IProducer<byte[], byte[]> source = Source();
        using IConsumer<byte[], byte[]> reader = Consumer(KafkaSettings.Reader(options, "bare-reader", Corda.Workers.Messaging.Bus.ReaderPace.Prompt));
        reader.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(names.Outputs, p, Offset.Beginning)));
        var taken = new List<double>(events);
        for (int i = -events / 10; i < events; i++)
        {
            long start = Stopwatch.GetTimestamp();
            source.Produce(new TopicPartition(names.Events, Math.Abs(i) % partitions), Event(i));
            if (reader.Consume(Patience) is null) throw new TimeoutException("No output came");
            if (i >= 0) taken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        stop.Cancel();
        loop.Join();
        return taken;
    }

    private static Message<byte[], byte[]> Event(int n) => new() { Key = BitConverter.GetBytes(n), Value = Payload.Of(n, EventBytes) };

    private Names Create()
    {
        string id = $"bare-{Environment.ProcessId}-{Interlocked.Increment(ref run)}";
        var names = new Names($"{id}-group", $"{id}-event", $"{id}-state", $"{id}-out");
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        admin.CreateTopicsAsync(new[] { names.Events, names.States, names.Outputs }
            .Select(topic => new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = -1 })).GetAwaiter().GetResult();
        return names;
    }

    private void Preload(string topic, int events)
    {
        using IProducer<byte[], byte[]> source = Source();
        for (int i = 0; i < events; i++)
        {
            while (true)
            {
                try
                {
                    source.Produce(new TopicPartition(topic, i % partitions), Event(i));
                    break;
                }
                catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
                {
                    source.Poll(TimeSpan.FromMilliseconds(10));
                }
            }
        }

        source.Flush(Patience);
    }

    private IProducer<byte[], byte[]> Source() => Producer(KafkaSettings.Idempotent(options, "bare-source"));

    private static IProducer<byte[], byte[]> Producer(Dictionary<string, string> settings) =>
        new ProducerBuilder<byte[], byte[]>(settings).SetLogHandler(static (_, _) => { }).Build();

    // Of our settings those that are answered by code of ours are left out: where a group begins, and the news of a partition's end.
    private static IConsumer<byte[], byte[]> Consumer(Dictionary<string, string> settings)
    {
        settings["auto.offset.reset"] = "earliest";
        settings["enable.partition.eof"] = "false";
        return new ConsumerBuilder<byte[], byte[]>(settings).SetLogHandler(static (_, _) => { }).Build();
    }

    private sealed record Names(string Group, string Events, string States, string Outputs);

    private sealed class Lane : IDisposable
    {
        private readonly Names names;
        private readonly IConsumer<byte[], byte[]> consumer;
        private readonly IProducer<byte[], byte[]>[] producers;
        private int turn;
        private int states;

        public Lane(KafkaOptions options, Names names)
        {
            this.names = names;
            consumer = Consumer(KafkaSettings.GroupConsumer(options, names.Group, names.Group));
            consumer.Subscribe(names.Events);
            producers = [.. new[] { "a", "b" }.Select(suffix => Producer(KafkaSettings.Transactional(options, $"{names.Group}.{suffix}")))];
            foreach (IProducer<byte[], byte[]> producer in producers) producer.InitTransactions(Patience);
        }

        /// <summary>One transaction, of as many events as there are at once, at least one; the number of them.</summary>
        public int Turn(int batch)
        {
            var polled = new List<ConsumeResult<byte[], byte[]>>(batch);
            while (polled.Count < batch && consumer.Consume(polled.Count == 0 ? TimeSpan.FromMilliseconds(100) : TimeSpan.Zero) is { } next)
            {
                polled.Add(next);
            }

            if (polled.Count == 0) return 0;
            IProducer<byte[], byte[]> producer = producers[turn++ % producers.Length];
            producer.BeginTransaction();
            var positions = new Dictionary<TopicPartition, Offset>();
            foreach (ConsumeResult<byte[], byte[]> one in polled)
            {
                producer.Produce(new TopicPartition(names.States, one.Partition), new() { Key = one.Message.Key, Value = Payload.Of(states++, StateBytes) });
                producer.Produce(new TopicPartition(names.Outputs, one.Partition), new() { Key = one.Message.Key, Value = one.Message.Value });
                positions[one.TopicPartition] = one.Offset + 1;
            }

            producer.SendOffsetsToTransaction(positions.Select(static p => new TopicPartitionOffset(p.Key, p.Value)), consumer.ConsumerGroupMetadata, Patience);
            producer.CommitTransaction();
            return polled.Count;
        }

        public void Dispose()
        {
            foreach (IProducer<byte[], byte[]> producer in producers) producer.Dispose();
            consumer.Close();
            consumer.Dispose();
        }
    }
}
