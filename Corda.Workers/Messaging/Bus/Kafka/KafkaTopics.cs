using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>Makes topics, or checks those that exist; what was found good is remembered. Thread-safe.</summary>
internal sealed class KafkaTopics(KafkaClients clients, IAdminClient admin, TimeProvider time)
{
    private static readonly TimeSpan LeadersTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LeadersPause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, Known> known = new();
    private readonly Lock gate = new();
    private (long At, MessagingTransientException Cause)? failure;

    /// <inheritdoc cref="IMessageBus.EnsureTopics"/>
    /// <exception cref="MessagingTransientException">No broker answers for now.</exception>
    public void Ensure(IReadOnlyCollection<TopicSpec> topics)
    {
        long asked = time.GetTimestamp();
        lock (gate)
        {
            // Who has waited for another's vain attempt need not make one more.
            if (failure is { } earlier && earlier.At > asked)
            {
                throw new MessagingTransientException(earlier.Cause.Message, earlier.Cause);
            }

            List<TopicSpec> unknown = [.. topics.DistinctBy(static topic => topic.Name).Where(topic => !IsKnown(topic))];
            if (unknown.Count > 0)
            {
                Attempt(() => EnsureAsync(unknown).GetAwaiter().GetResult());
            }
        }
    }

    /// <inheritdoc cref="IMessageBus.PartitionCount"/>
    public int PartitionCount(string topic)
    {
        if (known.TryGetValue(topic, out Known? found))
        {
            return found.Partitions;
        }

        TopicMetadata? metadata = Answer("look up topics", () => Describe(topic));
        return metadata?.Partitions.Count ?? throw Missing(topic);
    }

    /// <inheritdoc cref="IMessageBus.TopicIdentity"/>
    public string IdentityOf(string topic) => Answer("look up topics", () =>
    {
        // The client asks the controller, whom it knows by the metadata; where that one is away now, the metadata of now names another.
        Describe(topic);
        return admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = KafkaSettings.LookTimeout })
            .GetAwaiter().GetResult().TopicDescriptions[0].TopicId.ToString();
    });

    /// <summary>Does nothing where the topic exists.</summary>
    /// <exception cref="MessagingFatalException">The topic does not exist.</exception>
    public void Require(string topic) => PartitionCount(topic);

    private static MessagingFatalException Missing(string topic) => new(
        $"topic '{topic}' does not exist on this bus; it must be among the topics given to EnsureTopics when the worker starts");

    private T Answer<T>(string what, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (KafkaException cause)
        {
            throw new MessagingTransientException(
                $"could not {what} on {clients.Options.BootstrapServers}: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
        }
    }

    private void Attempt(Func<bool> ensure)
    {
        try
        {
            Answer("make or check topics", ensure);
        }
        catch (MessagingTransientException cause)
        {
            failure = (time.GetTimestamp(), cause);
            throw;
        }
    }

    private bool IsKnown(TopicSpec topic)
    {
        if (!known.TryGetValue(topic.Name, out Known? found))
        {
            return false;
        }

        TopicCheck.RequireCleanup(topic, found.Cleanup);
        return true;
    }

    private async Task<bool> EnsureAsync(List<TopicSpec> topics)
    {
        Dictionary<string, TopicMetadata> existing = Existing(topics);
        List<TopicSpec> missing = [.. topics.Where(topic => !existing.ContainsKey(topic.Name))];
        if (missing.Count > 0)
        {
            await MakeAsync(missing);
            existing = AwaitLeaders(topics);
        }

        Dictionary<string, Dictionary<string, string>> configs = await ConfigsAsync(topics);
        foreach (TopicSpec topic in topics)
        {
            Check(topic, existing[topic.Name].Partitions, configs[topic.Name]);
        }

        return true;
    }

    private void Check(TopicSpec topic, List<PartitionMetadata> partitions, Dictionary<string, string> configs)
    {
        Cleanup cleanup = TopicCheck.Require(topic, clients.Options, partitions, configs);
        string[] weaknesses = [.. TopicCheck.Weaknesses(topic, clients.Options, partitions, configs)];
        if (weaknesses.Length > 0)
        {
            KafkaLog.TopicIsWeak(clients.Logger, topic.Name, string.Join("; ", weaknesses));
        }

        known[topic.Name] = new Known(partitions.Count, cleanup);
    }

    private async Task MakeAsync(List<TopicSpec> topics)
    {
        try
        {
            await admin.CreateTopicsAsync(
                topics.Select(topic => TopicSettings.Of(topic, clients.Options)),
                new CreateTopicsOptions { RequestTimeout = KafkaSettings.CallTimeout, OperationTimeout = KafkaSettings.CallTimeout });
        }
        catch (CreateTopicsException cause)
        {
            // Another worker may have been faster with some of them.
            CreateTopicReport? failed = cause.Results.Find(static report => report.Error.Code is not (ErrorCode.NoError or ErrorCode.TopicAlreadyExists));
            if (failed is not null)
            {
                throw Refused(failed, cause);
            }
        }

        foreach (TopicSpec topic in topics)
        {
            KafkaLog.TopicMade(clients.Logger, topic.Name, clients.Options.Partitions, topic.Cleanup);
        }
    }

    private static Exception Refused(CreateTopicReport failed, Exception cause)
    {
        string what = $"topic '{failed.Topic}' could not be made: {KafkaErrors.Text(failed.Error)}";
        return failed.Error.Code switch
        {
            ErrorCode.InvalidReplicationFactor => new MessagingFatalException(
                $"{what}; set Corda:Bus:Kafka:ReplicationFactor to at most the number of brokers", cause),
            ErrorCode.InvalidConfig or ErrorCode.PolicyViolation => new MessagingFatalException(what, cause),
            _ => new MessagingTransientException(what, cause),
        };
    }

    private Dictionary<string, TopicMetadata> Existing(List<TopicSpec> topics)
    {
        Dictionary<string, TopicMetadata> found = [];
        foreach (TopicSpec topic in topics)
        {
            if (Describe(topic.Name) is { } metadata)
            {
                found.Add(topic.Name, metadata);
            }
        }

        return found;
    }

    private TopicMetadata? Describe(string topic)
    {
        TopicMetadata? metadata = admin.GetMetadata(topic, KafkaSettings.LookTimeout).Topics.Find(candidate => candidate.Topic == topic);
        if (metadata is null || metadata.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic)
        {
            return null;
        }

        return metadata.Error.IsError && metadata.Error.Code != ErrorCode.LeaderNotAvailable ? throw new KafkaException(metadata.Error) : metadata;
    }

    // A topic that was just made is not yet known to every broker, and until then nobody can use it.
    private Dictionary<string, TopicMetadata> AwaitLeaders(List<TopicSpec> topics)
    {
        long start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < LeadersTimeout)
        {
            Dictionary<string, TopicMetadata> existing = Existing(topics);
            if (existing.Count == topics.Count && existing.Values.All(HasLeaders))
            {
                return existing;
            }

            Thread.Sleep(LeadersPause);
        }

        throw new MessagingTransientException($"new topics have no leader after {LeadersTimeout}: {string.Join(", ", topics.Select(static topic => topic.Name))}");
    }

    private static bool HasLeaders(TopicMetadata topic) =>
        !topic.Error.IsError && topic.Partitions.Count > 0 && topic.Partitions.TrueForAll(static partition => partition.Leader >= 0);

    private async Task<Dictionary<string, Dictionary<string, string>>> ConfigsAsync(List<TopicSpec> topics)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                List<DescribeConfigsResult> results = await admin.DescribeConfigsAsync(
                    topics.Select(static topic => new ConfigResource { Type = ResourceType.Topic, Name = topic.Name }),
                    new DescribeConfigsOptions { RequestTimeout = KafkaSettings.CallTimeout });
                return results.ToDictionary(
                    static result => result.ConfigResource.Name,
                    static result => result.Entries.Values.ToDictionary(static entry => entry.Name, static entry => entry.Value));
            }
            catch (DescribeConfigsException cause)
                when (time.GetElapsedTime(start) < LeadersTimeout && cause.Results.Exists(static result => result.Error.Code == ErrorCode.UnknownTopicOrPart))
            {
                // Any broker answers, also one that has not heard of a new topic yet.
                await Task.Delay(LeadersPause, time);
            }
        }
    }

    private sealed record Known(int Partitions, Cleanup Cleanup);
}
