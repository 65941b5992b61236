namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>What is wrong with options, for people, before any client is made of them.</summary>
internal static class KafkaOptionsCheck
{
    private const int PartitionsMax = 1024;
    private static readonly TimeSpan TransactionTimeoutMin = TimeSpan.FromSeconds(1);

    /// <summary>The client's own name of a pass-through setting. Underscores stand for dots, which not every shell lets into names of variables.</summary>
    public static string NameOf(string name) => name.Trim().ToLowerInvariant().Replace('_', '.');

    /// <summary>Every problem; each names the key, what is wrong and what would be right.</summary>
    public static IEnumerable<string> Problems(KafkaOptions options, string section)
    {
        if (string.IsNullOrWhiteSpace(options.BootstrapServers))
        {
            yield return $"{section}:BootstrapServers is empty. Name at least one broker as host:port, with commas between.";
        }

        if (options.Partitions > PartitionsMax)
        {
            yield return $"{section}:Partitions is {options.Partitions}, but must be at most {PartitionsMax}.";
        }

        if (options.HeartbeatInterval * 3 > options.SessionTimeout)
        {
            yield return $"{section}:HeartbeatInterval is {options.HeartbeatInterval}, but must be at most a third of SessionTimeout ({options.SessionTimeout}): "
                + "one heartbeat that is lost must not cost the membership.";
        }

        if (options.TransactionTimeout < TransactionTimeoutMin)
        {
            yield return $"{section}:TransactionTimeout is {options.TransactionTimeout}, but must be at least {TransactionTimeoutMin}: a commit may take a while.";
        }

        if (options.MinInSyncReplicas > options.ReplicationFactor)
        {
            yield return $"{section}:MinInSyncReplicas is {options.MinInSyncReplicas}, more than ReplicationFactor ({options.ReplicationFactor}): nothing could be written.";
        }

        foreach (string name in options.Client.Keys.Where(name => KafkaSettings.IsOwned(NameOf(name), options with { Client = NoSettings })))
        {
            yield return $"{section}:Client:{name} cannot be passed through: correctness depends on it, or it has a setting of its own in {section}.";
        }
    }

    private static readonly Dictionary<string, string> NoSettings = [];
}
