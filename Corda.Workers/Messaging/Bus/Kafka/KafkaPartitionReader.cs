using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <inheritdoc cref="IPartitionReader"/>
/// <remarks>
/// Its end is the end of everything written, its position also moves over what it is not shown: a position at the end says that every transaction that had
/// written to the partition before is decided and, if committed, was read.
/// </remarks>
internal sealed class KafkaPartitionReader : IPartitionReader
{
    private readonly KafkaClients clients;
    private readonly KafkaWatermarks watermarks;
    private readonly TimeProvider time;
    private readonly IConsumer<byte[], byte[]> client;
    private readonly Dictionary<TopicPartition, long> positions = [];
    private volatile bool wakeup;
    private MessagingTransientException? failure;
    private bool disposed;

    public KafkaPartitionReader(
        IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace, KafkaClients clients, KafkaWatermarks watermarks, TimeProvider time)
    {
        this.clients = clients;
        this.watermarks = watermarks;
        this.time = time;
        client = clients.Consumer(KafkaSettings.Reader(clients.Options, "corda-reader", pace));
        foreach (TopicPartition partition in partitions)
        {
            Add(partition, startAt == StartAt.End ? long.MaxValue : 0);
        }
    }

    public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        long start = time.GetTimestamp();
        List<ConsumedRecord> records = [];
        while (true)
        {
            TimeSpan left = wait - time.GetElapsedTime(start);
            Take(records, recordsMax, PollSlice.Of(left));
            if (records.Count > 0 || wakeup || left <= TimeSpan.Zero)
            {
                wakeup = false;
                return records;
            }
        }
    }

    public void Add(TopicPartition partition, long from)
    {
        // As a number: the client takes half a second and more to look up a beginning or an end by itself.
        (long low, long high) = watermarks.Of(partition);
        long position = Math.Clamp(from, low, high);
        Guarded(() => client.IncrementalAssign([new TopicPartitionOffset(partition.Topic, partition.Partition, position)]));
        positions.Add(partition, position);
    }

    public void Remove(TopicPartition partition)
    {
        positions.Remove(partition);
        Guarded(() => client.IncrementalUnassign([new Confluent.Kafka.TopicPartition(partition.Topic, partition.Partition)]));
    }

    public long EndOffset(TopicPartition partition) => watermarks.Of(partition).High;

    public long Position(TopicPartition partition) => positions[partition];

    public void Wakeup() => wakeup = true;

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            clients.Retire(client.Dispose);
        }
    }

    // What was taken before a failure is handed over first; the failure is the next call's.
    private void Take(List<ConsumedRecord> records, int recordsMax, int sliceMs)
    {
        if (failure is { } earlier)
        {
            failure = null;
            throw earlier;
        }

        try
        {
            while (records.Count < recordsMax && client.Consume(sliceMs) is { } result)
            {
                TopicPartition partition = new(result.Topic, result.Partition.Value);
                sliceMs = 0;
                if (!positions.ContainsKey(partition))
                {
                    continue;
                }

                if (result.IsPartitionEOF)
                {
                    positions[partition] = Math.Max(positions[partition], result.Offset.Value);
                }
                else
                {
                    positions[partition] = result.Offset.Value + 1;
                    records.Add(RecordOf(partition, result));
                }
            }
        }
        catch (ConsumeException cause)
        {
            failure = new MessagingTransientException($"reading failed: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
            if (records.Count == 0)
            {
                Take(records, recordsMax, 0);
            }
        }
    }

    private void Guarded(Action call)
    {
        try
        {
            call();
        }
        catch (KafkaException cause)
        {
            throw new MessagingTransientException($"the reader cannot change its partitions: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
        }
    }

    /// <summary>A record as the seam has it.</summary>
    internal static ConsumedRecord RecordOf(TopicPartition partition, ConsumeResult<byte[], byte[]> result) => new(
        partition,
        result.Offset.Value,
        result.Message.Key ?? [],
        result.Message.Value,
        new DateTimeOffset(result.Message.Timestamp.UtcDateTime, TimeSpan.Zero));
}
