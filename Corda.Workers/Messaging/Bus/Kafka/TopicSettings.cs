using System.Globalization;
using Confluent.Kafka.Admin;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>What a topic is made with, from the one table in code and the options. Topics that exist are held against the same; see <see cref="TopicCheck"/>.</summary>
internal static class TopicSettings
{
    public const string CleanupPolicy = "cleanup.policy";
    public const string TimestampType = "message.timestamp.type";
    public const string Retention = "retention.ms";
    public const string RetentionBytes = "retention.bytes";
    public const string BatchBytes = "max.message.bytes";
    public const string TombstoneRetention = "delete.retention.ms";
    public const string MinInSyncReplicas = "min.insync.replicas";

    /// <summary>When the bus took it, as the seam promises; retention counts by it, and so does the age of a local copy of states.</summary>
    public const string WhenTheBrokerTookIt = "LogAppendTime";

    /// <summary>Size takes nothing away: what is not worked off yet must not go because much else came.</summary>
    public const string Unlimited = "-1";

    /// <summary>What brokers take by default: room for the largest record (<see cref="KafkaSettings.RecordBytesMax"/>) and for a batch of many.</summary>
    public const int BatchBytesMin = 1_048_588;

    /// <summary>Local copies of states are gone on with for half of that: one that is older may have missed that a state was deleted.</summary>
    public static readonly TimeSpan TombstonesStay = TimeSpan.FromHours(24);

    /// <summary>For the client that makes it.</summary>
    public static TopicSpecification Of(TopicSpec topic, KafkaOptions options) => new()
    {
        Name = topic.Name,
        NumPartitions = options.Partitions,
        ReplicationFactor = options.ReplicationFactor ?? -1,
        Configs = Configs(topic, options),
    };

    /// <summary>The broker's word for a clean-up.</summary>
    public static string PolicyOf(Cleanup cleanup) => cleanup == Cleanup.Compact ? "compact" : "delete";

    private static Dictionary<string, string> Configs(TopicSpec topic, KafkaOptions options)
    {
        var configs = new Dictionary<string, string>
        {
            [CleanupPolicy] = PolicyOf(topic.Cleanup),
            [TimestampType] = WhenTheBrokerTookIt,
            [BatchBytes] = BatchBytesMin.ToString(CultureInfo.InvariantCulture),
        };
        if (topic.Cleanup == Cleanup.Delete)
        {
            configs[Retention] = Ms(options.Retention);
            configs[RetentionBytes] = Unlimited;
        }
        else
        {
            configs[TombstoneRetention] = Ms(TombstonesStay);
        }

        if (topic.HasFewKeys)
        {
            // The cleaner never touches the newest segment: at the default sizes a week of beats would lie before whoever reads the topic.
            configs["segment.bytes"] = "1048576";
            configs["min.cleanable.dirty.ratio"] = "0.1";
        }

        if (options.MinInSyncReplicas is { } least)
        {
            configs[MinInSyncReplicas] = least.ToString(CultureInfo.InvariantCulture);
        }

        return configs;
    }

    private static string Ms(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
