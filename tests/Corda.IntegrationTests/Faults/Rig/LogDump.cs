using System.Diagnostics;
using Confluent.Kafka;
using Corda.IntegrationTests.Faults.Oracle;
using BusPartition = Corda.Workers.Messaging.Bus.TopicPartition;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>Reads whole topics with a plain client of its own, read-committed; and asks how far a group has come.</summary>
internal sealed class LogDump(string bootstrap)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Every committed record of these partitions, up to where each then ends.</summary>
    public IReadOnlyList<LogRecord> Read(IReadOnlyList<BusPartition> partitions, Func<BusPartition, long, string?> writer)
    {
        using IConsumer<byte[], byte[]?> consumer = Consumer("oracle");
        consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(partition.Topic, partition.Partition, Offset.Beginning)));
        var records = new List<LogRecord>();
        var open = partitions.ToHashSet();
        using var limit = new CancellationTokenSource(ReadTimeout);
        while (open.Count > 0)
        {
            ConsumeResult<byte[], byte[]?> result = consumer.Consume(limit.Token);
            var partition = new BusPartition(result.Topic, result.Partition);
            if (result.IsPartitionEOF) open.Remove(partition);
            else records.Add(new LogRecord(partition, result.Offset, result.Message.Key, result.Message.Value, writer(partition, result.Offset)));
        }

        return records;
    }

    /// <summary>The offsets that a group has committed; 0 for none.</summary>
    public IReadOnlyDictionary<BusPartition, long> Committed(string group, IEnumerable<BusPartition> partitions)
    {
        using IConsumer<byte[], byte[]?> consumer = Consumer(group);
        return consumer.Committed(partitions.Select(partition => new TopicPartition(partition.Topic, partition.Partition)), CallTimeout)
            .ToDictionary(one => new BusPartition(one.Topic, one.Partition), one => one.Offset.Value < 0 ? 0 : one.Offset.Value);
    }

    /// <summary>Writes one record past all codecs.</summary>
    public async Task PoisonAsync(BusPartition partition, byte[] key, byte[] value)
    {
        using IProducer<byte[], byte[]> producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = bootstrap }).Build();
        await producer.ProduceAsync(new TopicPartition(partition.Topic, partition.Partition), new Message<byte[], byte[]> { Key = key, Value = value });
    }

    /// <summary>Asks until somebody answers a client, and says when that was.</summary>
    public DateTimeOffset FirstAnswer()
    {
        long begin = Stopwatch.GetTimestamp();
        using IAdminClient client = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 50 }).Build();
        while (true)
        {
            try
            {
                client.GetMetadata(CallTimeout);
                return DateTimeOffset.UtcNow;
            }
            catch (KafkaException) when (Stopwatch.GetElapsedTime(begin) < StartTimeout)
            {
                // Not yet.
            }
        }
    }

    private IConsumer<byte[], byte[]?> Consumer(string group) => new ConsumerBuilder<byte[], byte[]?>(new ConsumerConfig
    {
        BootstrapServers = bootstrap,
        GroupId = group,
        IsolationLevel = IsolationLevel.ReadCommitted,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        EnableAutoCommit = false,
        EnablePartitionEof = true,
    }).Build();
}
