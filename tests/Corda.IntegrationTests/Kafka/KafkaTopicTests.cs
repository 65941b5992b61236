using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Logging;

namespace Corda.IntegrationTests.Kafka;

/// <summary>Topics are made as the table and the options say; those that exist are held against both.</summary>
public sealed class KafkaTopicTests : IAsyncDisposable
{
    private const string OneDay = "86400000";

    private readonly string topic = $"kafka-topics.{Guid.NewGuid():N}";
    private readonly LogLines log = new();
    private readonly List<IMessageBus> opened = [];

    public async ValueTask DisposeAsync()
    {
        foreach (IMessageBus bus in opened) await bus.DisposeAsync();
    }

    [KafkaFact]
    public async Task Topic_that_was_made_has_the_settings_of_the_table_and_of_the_options()
    {
        KafkaOptions options = Options() with { ReplicationFactor = 1, MinInSyncReplicas = 1, Retention = TimeSpan.FromDays(1) };
        string events = $"{topic}.events", states = $"{topic}.states", beats = $"{topic}.beats";

        Open(options).EnsureTopics([new(events, Cleanup.Delete), new(states, Cleanup.Compact), new(beats, Cleanup.Compact) { HasFewKeys = true }]);

        Assert.Equal(
            $"cleanup.policy=delete max.message.bytes=1048588 message.timestamp.type=LogAppendTime min.insync.replicas=1 retention.bytes=-1 retention.ms={OneDay}", await OwnConfigsOf(events));
        string compacted = $"cleanup.policy=compact delete.retention.ms={OneDay} max.message.bytes=1048588 message.timestamp.type=LogAppendTime";
        Assert.Equal($"{compacted} min.insync.replicas=1", await OwnConfigsOf(states));
        Assert.Equal($"{compacted} min.cleanable.dirty.ratio=0.1 min.insync.replicas=1 segment.bytes=1048576", await OwnConfigsOf(beats));
        using IAdminClient admin = Admin();
        foreach (string made in (string[])[events, states, beats])
        {
            Assert.Equal([1, 1], admin.GetMetadata(made, TimeSpan.FromSeconds(20)).Topics.Single().Partitions.Select(static partition => partition.Replicas.Length));
        }
    }

    [KafkaFact]
    public void Topics_of_another_partition_count_are_refused_and_it_says_why()
    {
        Open(Options()).EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);

        string said = Refusal(Options() with { Partitions = 3 }, Cleanup.Delete);

        Assert.Contains($"'{topic}' has 2 partitions, but Corda:Bus:Kafka:Partitions is 3; keys would be looked for in the wrong partition", said);
    }

    [KafkaFact]
    public void More_copies_than_brokers_are_refused_by_the_name_of_the_setting() =>
        Assert.Contains("Corda:Bus:Kafka:ReplicationFactor", Refusal(Options() with { ReplicationFactor = 9 }, Cleanup.Delete));

    [KafkaTheory]
    [InlineData("compact", "LogAppendTime", "exists with clean-up Compact, but must have Delete")]
    [InlineData("compact,delete", "LogAppendTime", "has cleanup.policy=compact,delete, but must have delete")]
    [InlineData("delete", "CreateTime", "has message.timestamp.type=CreateTime, but must have LogAppendTime")]
    public async Task What_would_lose_records_or_take_them_for_younger_is_refused(string policy, string timestamps, string reason)
    {
        await MakeByHand(("cleanup.policy", policy), ("message.timestamp.type", timestamps));

        Assert.Contains($"'{topic}' {reason}", Refusal(Options(), Cleanup.Delete));
    }

    [KafkaFact]
    public async Task What_makes_an_event_topic_less_durable_is_told_by_name_once_and_worked_with()
    {
        await MakeByHand(
            ("message.timestamp.type", "LogAppendTime"), ("retention.ms", "3600000"), ("min.insync.replicas", "1"), ("retention.bytes", "100000000"), ("max.message.bytes", "65536"));
        KafkaBus bus = Open(Options() with { ReplicationFactor = 3, MinInSyncReplicas = 2 });

        for (int i = 0; i < 3; i++) bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);

        string told = Assert.Single(Warnings());
        Assert.Contains($"Topic {topic} is less durable", told);
        Assert.Contains("replication factor is 1, not 3 (Corda:Bus:Kafka:ReplicationFactor)", told);
        Assert.Contains("min.insync.replicas is 1, not 2 (Corda:Bus:Kafka:MinInSyncReplicas)", told);
        Assert.Contains("retention.ms is 3600000, not 259200000 (Corda:Bus:Kafka:Retention)", told);
        Assert.Contains("retention.bytes is 100000000, not -1", told);
        Assert.Contains("max.message.bytes is 65536, less than 1048588", told);
        Assert.Equal(2, bus.PartitionCount(topic));
    }

    [KafkaFact]
    public async Task Compacted_topic_that_forgets_deletions_too_soon_is_told_of()
    {
        await MakeByHand(("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime"), ("delete.retention.ms", "60000"));

        Open(Options()).EnsureTopics([new TopicSpec(topic, Cleanup.Compact)]);

        Assert.Contains($"delete.retention.ms is 60000, less than {OneDay}", Assert.Single(Warnings()));
    }

    private static KafkaOptions Options() => new() { BootstrapServers = TestCluster.Bootstrap, Partitions = 2 };

    private static IAdminClient Admin() => new AdminClientBuilder(KafkaSettings.Admin(Options())).Build();

    private string[] Warnings() => [.. log.Lines.Where(static line => line.StartsWith("Warning", StringComparison.Ordinal))];

    private string Refusal(KafkaOptions options, Cleanup cleanup) =>
        Assert.Throws<MessagingFatalException>(() => Open(options).EnsureTopics([new TopicSpec(topic, cleanup)])).Message;

    private KafkaBus Open(KafkaOptions options)
    {
        KafkaBus bus = new(options, TimeProvider.System, log.CreateLogger<KafkaBus>());
        opened.Add(bus);
        return bus;
    }

    private async Task MakeByHand(params (string Name, string Value)[] configs)
    {
        using IAdminClient admin = Admin();
        await admin.CreateTopicsAsync(
            [new TopicSpecification { Name = topic, NumPartitions = 2, ReplicationFactor = 1, Configs = configs.ToDictionary(static c => c.Name, static c => c.Value) }]);
    }

    /// <summary>What is set on the topic itself, in order of names.</summary>
    private static async Task<string> OwnConfigsOf(string name)
    {
        using IAdminClient admin = Admin();
        List<DescribeConfigsResult> found = await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = name }]);
        return string.Join(' ', found.Single().Entries.Values.Where(static entry => entry.Source == ConfigSource.DynamicTopicConfig)
            .Select(static entry => $"{entry.Name}={entry.Value}").Order(StringComparer.Ordinal));
    }
}
