using System.Collections.Concurrent;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>Turns records into what the bus writes: chooses the partition, encodes the value, refuses what no topic would take. Thread-safe.</summary>
/// <param name="bus">Knows the number of partitions of each topic.</param>
/// <param name="recordBytesMax">Bytes; a larger key and value together are refused before the bus sees them.</param>
internal sealed class RecordEncoder(IMessageBus bus, int recordBytesMax)
{
    private readonly ConcurrentDictionary<string, int> partitionCounts = new(StringComparer.Ordinal);

    public int PartitionOf(Topic topic, byte[] key) => Partitioning.PartitionOf(topic.Routing, key, PartitionCount(topic.Name));

    public int PartitionCount(string topic) => partitionCounts.GetOrAdd(topic, static (name, bus) => bus.PartitionCount(name), bus);

    /// <summary>The record as the bus writes it.</summary>
    /// <exception cref="RecordRefusedException">The record is too large, its value is not of its topic's type, or its key cannot be routed.</exception>
    public OutgoingRecord Encode(Record record)
    {
        byte[]? value = record.Value is null ? null : EncodeValue(record.Topic, record.Value);
        return Checked(new OutgoingRecord(new TopicPartition(record.Topic.Name, PartitionOf(record.Topic, record.Key)), record.Key, value));
    }

    /// <summary>The same record, if it is not too large.</summary>
    /// <exception cref="RecordRefusedException">The record is too large.</exception>
    public OutgoingRecord Checked(OutgoingRecord record)
    {
        int bytes = record.Key.Length + (record.Value?.Length ?? 0);
        return bytes <= recordBytesMax
            ? record
            : throw new RecordRefusedException(
                $"A record of {bytes} bytes for {record.Partition.Topic}, key {KeyComparer.Text(record.Key)}, is larger than the {recordBytesMax} bytes allowed. "
                + "Send less, in pieces, or by reference.");
    }

    private static byte[] EncodeValue(Topic topic, object value)
    {
        try
        {
            return topic.Encode(value);
        }
        catch (Exception cause) when (cause is not RecordRefusedException)
        {
            throw new RecordRefusedException($"A {value.GetType().Name} cannot be written to {topic.Name}: {cause.Message}", cause);
        }
    }
}
