namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>A partition's name as the client has it, and as we have it.</summary>
internal static class PartitionNames
{
    public static Confluent.Kafka.TopicPartition ToClient(this TopicPartition partition) => new(partition.Topic, partition.Partition);

    public static TopicPartition FromClient(this Confluent.Kafka.TopicPartition partition) => new(partition.Topic, partition.Partition.Value);
}
