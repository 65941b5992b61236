using System.Globalization;
using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Holds a topic that exists against what is configured. With what would misplace or lose records nothing is begun; what only makes them less durable than was
/// asked for is told: workers that stand still would make nothing safer.
/// </summary>
internal static class TopicCheck
{
    /// <summary>Refuses what breaks correctness; the clean-up of the topic if there is nothing.</summary>
    /// <param name="topic">As it must be.</param>
    /// <param name="options">As it is configured.</param>
    /// <param name="partitions">As the brokers know it.</param>
    /// <param name="configs">The topic's settings, the brokers' defaults included.</param>
    /// <exception cref="MessagingFatalException">It says what is wrong and what to do.</exception>
    public static Cleanup Require(
        TopicSpec topic, KafkaOptions options, IReadOnlyCollection<PartitionMetadata> partitions, IReadOnlyDictionary<string, string> configs)
    {
        if (partitions.Count != options.Partitions)
        {
            throw new MessagingFatalException(
                $"topic '{topic.Name}' has {partitions.Count} partitions, but Corda:Bus:Kafka:Partitions is {options.Partitions}; keys would be looked "
                + "for in the wrong partition: set the number with which the cluster was begun, or begin with new topics");
        }

        Cleanup cleanup = CleanupOf(topic, configs[TopicSettings.CleanupPolicy]);
        RequireCleanup(topic, cleanup);
        if (configs[TopicSettings.TimestampType] is var type and not TopicSettings.WhenTheBrokerTookIt)
        {
            throw new MessagingFatalException(
                $"topic '{topic.Name}' has {TopicSettings.TimestampType}={type}, but must have {TopicSettings.WhenTheBrokerTookIt}: retention and the age of local copies "
                + "would be counted by the clocks of whoever writes; set it with kafka-configs");
        }

        return cleanup;
    }

    /// <summary>Refuses another clean-up.</summary>
    /// <exception cref="MessagingFatalException">It is another.</exception>
    public static void RequireCleanup(TopicSpec topic, Cleanup found)
    {
        if (found != topic.Cleanup)
        {
            throw new MessagingFatalException(
                $"topic '{topic.Name}' exists with clean-up {found}, but must have {topic.Cleanup}; records would be lost or never go: "
                + $"set cleanup.policy={TopicSettings.PolicyOf(topic.Cleanup)} with kafka-configs, or begin with new topics");
        }
    }

    /// <summary>What weakens durability, each by its name, as it is and as it was asked for.</summary>
    public static IEnumerable<string> Weaknesses(
        TopicSpec topic, KafkaOptions options, IReadOnlyCollection<PartitionMetadata> partitions, IReadOnlyDictionary<string, string> configs)
    {
        double tombstones = TopicSettings.TombstonesStay.TotalMilliseconds;
        int copies = partitions.Min(static partition => partition.Replicas.Length);
        if (options.ReplicationFactor is { } factor && copies != factor)
        {
            yield return $"replication factor is {copies}, not {factor} (Corda:Bus:Kafka:ReplicationFactor)";
        }
        else if (copies == 1)
        {
            yield return "there is a single copy of each partition: if that broker's disk is lost, so are its records";
        }

        if (options.MinInSyncReplicas is { } least && NumberOf(configs, TopicSettings.MinInSyncReplicas) is var inSync && inSync != least)
        {
            yield return $"{TopicSettings.MinInSyncReplicas} is {inSync}, not {least} (Corda:Bus:Kafka:MinInSyncReplicas)";
        }

        if (topic.Cleanup == Cleanup.Delete && NumberOf(configs, TopicSettings.Retention) is var kept && kept != (long)options.Retention.TotalMilliseconds)
        {
            yield return $"{TopicSettings.Retention} is {kept}, not {options.Retention.TotalMilliseconds:0} (Corda:Bus:Kafka:Retention)";
        }

        if (topic.Cleanup == Cleanup.Delete && configs[TopicSettings.RetentionBytes] is var size and not TopicSettings.Unlimited)
        {
            yield return $"{TopicSettings.RetentionBytes} is {size}, not {TopicSettings.Unlimited}: events may be deleted before they are worked off, because others are many";
        }

        if (NumberOf(configs, TopicSettings.BatchBytes) is var batch && batch < TopicSettings.BatchBytesMin)
        {
            yield return $"{TopicSettings.BatchBytes} is {batch}, less than {TopicSettings.BatchBytesMin}: large events and states are refused, and their flows fail";
        }

        if (topic.Cleanup == Cleanup.Compact && NumberOf(configs, TopicSettings.TombstoneRetention) is var stay && stay < tombstones)
        {
            yield return $"{TopicSettings.TombstoneRetention} is {stay}, less than {tombstones:0}: a local copy may not learn of what was deleted";
        }
    }

    private static Cleanup CleanupOf(TopicSpec topic, string policy) => policy switch
    {
        "delete" => Cleanup.Delete,
        "compact" => Cleanup.Compact,
        _ => throw new MessagingFatalException(
            $"topic '{topic.Name}' has {TopicSettings.CleanupPolicy}={policy}, but must have {TopicSettings.PolicyOf(topic.Cleanup)}: records would be lost; "
            + "set it with kafka-configs"),
    };

    private static long NumberOf(IReadOnlyDictionary<string, string> configs, string name) => long.Parse(configs[name], CultureInfo.InvariantCulture);
}
