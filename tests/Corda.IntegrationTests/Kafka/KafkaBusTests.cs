using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Logging;
using TopicPartition = Corda.Workers.Messaging.Bus.TopicPartition;

namespace Corda.IntegrationTests.Kafka;

/// <summary>What the bus promises on Kafka beyond the compliance suite.</summary>
public sealed class KafkaBusTests : IAsyncDisposable
{
    private readonly string topic = $"kafka-bus.{Guid.NewGuid():N}";
    private readonly LogLines log = new();
    private readonly List<IMessageBus> opened = [];

    private TopicPartition Place => new(topic, 0);

    public async ValueTask DisposeAsync()
    {
        foreach (IMessageBus bus in opened) await bus.DisposeAsync();
    }

    [Fact]
    public void Settings_that_correctness_owns_cannot_be_passed_through_and_unknown_ones_are_named()
    {
        KafkaOptions options = new() { BootstrapServers = "127.0.0.1:1" };

        foreach (string owned in (string[])
            [
                "isolation.level", "enable_auto_commit", "auto.offset.reset", "acks", "transactional.id", "group.instance.id", "retries", "log.queue", "log_level",
                "compression.codec", "max.partition.fetch.bytes", "offset.store.method", "plugin.library.paths",
            ])
        {
            KafkaOptions with = options with { Client = new Dictionary<string, string> { [owned] = "x" } };
            Assert.Contains($"Client:{owned} cannot be passed through", Assert.Throws<MessagingFatalException>(() => Open(with)).Message);
        }

        KafkaOptions unknown = options with { Client = new Dictionary<string, string> { ["ssl.ca.locatoin"] = "x" } };
        Assert.Contains("ssl.ca.locatoin", Assert.Throws<MessagingFatalException>(() => Open(unknown)).Message);
    }

    [KafkaFact]
    public async Task End_counts_what_is_not_committed_yet_and_the_position_reaches_it_only_when_that_is_decided()
    {
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Compact)]);
        using IProducer<byte[], byte[]> raw = OpenTransaction();

        using IPartitionReader reader = bus.OpenReader([Place], StartAt.Beginning);
        long end = reader.EndOffset(Place);
        Assert.Equal(1, end);
        for (int i = 0; i < 10; i++) Assert.Empty(reader.Poll(10, TimeSpan.FromMilliseconds(20)));
        Assert.True(reader.Position(Place) < end, "the open transaction was passed over");

        raw.AbortTransaction();
        await Until(() => reader.Position(Place) >= end, "the position to pass the aborted record", () => Assert.Empty(reader.Poll(10, TimeSpan.FromMilliseconds(20))));
    }

    [KafkaFact]
    public async Task Deleted_offset_is_a_loud_error_and_never_a_silent_jump()
    {
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        string group = $"group.{topic}";
        await Fill(bus, 10);
        using (TestGroupMember member = new(bus, group, topic))
        {
            await Until(() => member.Records.Count == 10, "all records", member.Poll);
            using ITransactionalProducer producer = bus.OpenTransactional($"tx.{topic}");
            producer.Commit([], new Dictionary<TopicPartition, long> { [Place] = 3 }, member.Consumer.Membership);
        }

        await DeleteBefore(7);
        using TestGroupMember heir = new(bus, group, topic);
        MessagingFatalException? loud = null;
        await Until(() => loud is not null, "the error", () => loud = Xunit.Record.Exception(heir.Poll) as MessagingFatalException);

        Assert.Empty(heir.Records);
        Assert.Contains($"group '{group}' cannot go on in {Place}: its offset 3 is not there", loud!.Message);
        Assert.Contains("--reset-offsets", loud.Message);
    }

    [KafkaFact]
    public async Task Group_without_offsets_does_not_begin_behind_deleted_records_unless_it_is_told_to()
    {
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        await Fill(bus, 10);
        await DeleteBefore(7);

        using (TestGroupMember refused = new(bus, $"group.{topic}", topic))
        {
            MessagingFatalException? loud = null;
            await Until(() => loud is not null, "the error", () => loud = Xunit.Record.Exception(refused.Poll) as MessagingFatalException);
            Assert.Contains("Corda:Bus:Kafka:AllowMissingOffsets=true", loud!.Message);
        }

        using TestGroupMember told = new(Open(Options() with { AllowMissingOffsets = true }), $"group.{topic}", topic);
        await Until(() => told.Records.Count == 3, "what is left", told.Poll);
        Assert.Equal(7, told.Records[0].Offset);
    }

    [KafkaTheory]
    [InlineData("Classic", "Consumer")]
    [InlineData("Consumer", "Classic")]
    public async Task Group_that_has_run_with_the_other_protocol_is_refused_and_told_what_to_set(string ran, string configured)
    {
        KafkaBus bus = Open(Options() with { GroupProtocol = Enum.Parse<KafkaGroupProtocol>(ran) });
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        string group = $"group.{topic}";
        await Fill(bus, 1);
        KafkaBus other = Open(Options() with { GroupProtocol = Enum.Parse<KafkaGroupProtocol>(configured) });
        using (TestGroupMember member = new(bus, group, topic))
        {
            await Until(() => member.Records.Count == 1, "the record", member.Poll);

            AssertRefused();
        }

        AssertRefused();
        using TestGroupMember heir = new(Open(Options() with { GroupProtocol = Enum.Parse<KafkaGroupProtocol>(ran) }), group, topic);
        await Until(() => heir.Records.Count == 1, "the record, with the group's own protocol", heir.Poll);

        void AssertRefused() => Assert.Contains(
            $"group '{group}' has run with the {ran} protocol, Corda:Bus:Kafka:GroupProtocol is {configured}",
            Assert.Throws<MessagingFatalException>(() => new TestGroupMember(other, group, topic)).Message);
    }

    [KafkaTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Partition_that_is_idle_till_retention_has_deleted_everything_is_no_lost_offset(bool leaves)
    {
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        string group = $"group.{topic}";
        using ITransactionalProducer producer = bus.OpenTransactional($"tx.{topic}");
        producer.Commit([new OutgoingRecord(Place, [1], [1])], new Dictionary<TopicPartition, long>(), null);
        using (TestGroupMember member = new(bus, group, topic))
        {
            await Until(() => member.Records.Count == 1, "the record", member.Poll);
            producer.Commit([], new Dictionary<TopicPartition, long> { [Place] = 1 }, member.Consumer.Membership);
            if (leaves) for (int i = 0; i < 20; i++) member.Poll();
            else await Until(() => Committed(group) == 2, "the offset to move over the control record", member.Poll);
        }

        Assert.Equal(2, Committed(group));
        await DeleteBefore(2);
        using TestGroupMember heir = new(bus, group, topic);
        await Until(() => heir.Consumer.Assignment.Count == 2, "the partitions", heir.Poll);
        producer.Commit([new OutgoingRecord(Place, [1], [2])], new Dictionary<TopicPartition, long>(), null);
        await Until(() => heir.Records.Count == 1, "the record after the deletion", heir.Poll);
    }

    [KafkaFact]
    public async Task Idle_partition_is_moved_over_control_records_again_and_again()
    {
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        string group = $"group.{topic}";
        using ITransactionalProducer producer = bus.OpenTransactional($"tx.{topic}");
        producer.Commit([new OutgoingRecord(Place, [1], [1])], new Dictionary<TopicPartition, long>(), null);
        using TestGroupMember member = new(bus, group, topic);
        await Until(() => member.Records.Count == 1, "the record", member.Poll);
        producer.Commit([], new Dictionary<TopicPartition, long> { [Place] = 1 }, member.Consumer.Membership);
        await Until(() => Committed(group) == 2, "the offset to move over the control record", member.Poll);

        using (IProducer<byte[], byte[]> raw = OpenTransaction()) raw.AbortTransaction();

        await Until(() => Committed(group) == 4, "the offset to move over what was aborted", member.Poll);
    }

    [KafkaFact]
    public async Task Rebalance_of_others_does_not_fail_a_transaction_of_partitions_that_stay()
    {
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        string group = $"group.{topic}";
        await Fill(bus, 1);
        using TestGroupMember first = new(bus, group, topic);
        await Until(() => first.Records.Count == 1 && first.Consumer.Assignment.Count == 2, "both partitions", first.Poll);
        GroupMembership before = first.Consumer.Membership;
        using TestGroupMember second = new(bus, group, topic);
        await Until(() => first.Consumer.Assignment.Count == 1 && second.Consumer.Assignment.Count == 1, "one each", () =>
        {
            first.Poll();
            second.Poll();
        });
        TopicPartition stays = first.Consumer.Assignment.Single();
        Assert.NotEqual(before.Generation, first.Consumer.Membership.Generation);

        using ITransactionalProducer producer = bus.OpenTransactional($"tx.{topic}");
        producer.Commit([], new Dictionary<TopicPartition, long> { [stays] = 0 }, before);

        TopicPartition moved = second.Consumer.Assignment.Single();
        Assert.Throws<MessagingFencedException>(() => producer.Commit([], new Dictionary<TopicPartition, long> { [moved] = 0 }, before));
    }

    [KafkaFact]
    public async Task Producer_that_another_has_fenced_is_no_error_in_the_log()
    {
        string id = $"tx.{topic}";
        KafkaBus bus = Open(Options());
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        using ITransactionalProducer fenced = bus.OpenTransactional(id);
        using ITransactionalProducer heir = Open(Options()).OpenTransactional(id);

        Assert.Throws<MessagingFencedException>(() => fenced.Commit([new OutgoingRecord(Place, [1], [1])], new Dictionary<TopicPartition, long>(), null));

        await Until(() => log.Lines.Any(static line => line.Contains(": FATAL: ", StringComparison.Ordinal)), "the client's own word on it");
        Assert.DoesNotContain(log.Lines, static line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));
    }

    private static KafkaOptions Options() => new()
    {
        BootstrapServers = TestCluster.Bootstrap,
        Partitions = 2,
        SessionTimeout = TimeSpan.FromSeconds(6),
        HeartbeatInterval = TimeSpan.FromMilliseconds(100),
    };

    private static async Task Until(Func<bool> condition, string what, Action? meanwhile = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), $"waited in vain for {what}");
            meanwhile?.Invoke();
            await Task.Yield();
        }
    }

    private IProducer<byte[], byte[]> OpenTransaction()
    {
        IProducer<byte[], byte[]> raw = new ProducerBuilder<byte[], byte[]>(KafkaSettings.Transactional(Options(), $"raw.{topic}")).Build();
        raw.InitTransactions(TimeSpan.FromSeconds(20));
        raw.BeginTransaction();
        raw.Produce(new Confluent.Kafka.TopicPartition(topic, 0), new Message<byte[], byte[]> { Key = [1], Value = [1] });
        raw.Flush(TimeSpan.FromSeconds(20));
        return raw;
    }

    private KafkaBus Open(KafkaOptions options)
    {
        KafkaBus bus = new(options, TimeProvider.System, log.CreateLogger<KafkaBus>());
        opened.Add(bus);
        return bus;
    }

    private async Task Fill(KafkaBus bus, int records)
    {
        using IBatchProducer producer = bus.OpenProducer($"fill.{topic}");
        for (int i = 0; i < records; i++) await producer.WriteAsync([new OutgoingRecord(Place, [1], Encoding.UTF8.GetBytes($"{i}"))]);
    }

    private long Committed(string group)
    {
        using IAdminClient admin = new AdminClientBuilder(KafkaSettings.Admin(Options())).Build();
        var asked = new ConsumerGroupTopicPartitions(group, [new Confluent.Kafka.TopicPartition(topic, 0)]);
        return admin.ListConsumerGroupOffsetsAsync([asked]).GetAwaiter().GetResult()[0].Partitions[0].Offset.Value;
    }

    private async Task DeleteBefore(long offset)
    {
        using IAdminClient admin = new AdminClientBuilder(KafkaSettings.Admin(Options())).Build();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, offset)], new DeleteRecordsOptions { RequestTimeout = TimeSpan.FromSeconds(20) });
    }
}
