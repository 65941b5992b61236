namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Where a group begins that has never committed an offset: with the oldest record, so that no start is lost, and it is committed before anything is read.
/// A group whose offsets were lost is not taken for a new one.
/// </summary>
internal sealed class GroupBeginning(string group, KafkaClients clients, KafkaWatermarks watermarks)
{
    /// <summary>
    /// Decides and commits. Only the owner of the partitions may, on the thread on which it would be told that it owns them no more: nobody else can have
    /// committed meanwhile.
    /// </summary>
    /// <returns>Whether it is done; otherwise the group or the partition's leader is on the move, and is to be asked again.</returns>
    /// <exception cref="MessagingFatalException">Records are gone already that the group may not have seen.</exception>
    public bool TryCommit(MemberClient client, IReadOnlyList<OwnedPartition> partitions)
    {
        try
        {
            foreach (OwnedPartition partition in partitions)
            {
                partition.BeginAt(FirstOffset(partition.Partition));
            }
        }
        catch (MessagingTransientException)
        {
            return false;
        }

        if (!client.TryCommit([.. partitions.Select(static partition => partition.AtPosition)]))
        {
            return false;
        }

        foreach (OwnedPartition partition in partitions)
        {
            KafkaLog.GroupBegins(clients.Logger, group, partition.Partition.ToString(), partition.Position);

            // The client found no offset, and says so now or later.
            partition.GiveUp();
        }

        return true;
    }

    private long FirstOffset(TopicPartition partition)
    {
        long first = watermarks.Of(partition).Low;
        if (first > 0 && !clients.Options.AllowMissingOffsets)
        {
            throw new MessagingFatalException(
                $"group '{group}' has no committed offset for {partition}, whose records before offset {first} are deleted already: either the group is new on an "
                + "old topic, or its offsets are lost. If it is new, start once with Corda:Bus:Kafka:AllowMissingOffsets=true; if they are lost, set them with "
                + "kafka-consumer-groups --reset-offsets while no worker runs");
        }

        return first;
    }
}
