using System.Collections.Concurrent;
using Confluent.Kafka;
using Corda.Workers.Messaging.Bus.Kafka.Eviction;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// The bus on Kafka. Opening it talks to no broker yet: where none can be reached, every call fails as transient, and the loops of the patterns try again
/// until it can.
/// </summary>
internal sealed class KafkaBus : IMessageBus
{
    private readonly KafkaClients clients;
    private readonly IAdminClient admin;
    private readonly KafkaTopics topics;
    private readonly GroupProtocols protocols;
    private readonly KafkaWatermarks watermarks;
    private readonly ConcurrentDictionary<string, KafkaBatchWriter> writers = new(StringComparer.Ordinal);
    private readonly KafkaEviction eviction;
    private readonly CancellationTokenSource closing = new();
    private readonly TimeProvider time;
    private volatile bool closed;

    /// <summary>Opens the bus.</summary>
    /// <exception cref="MessagingFatalException">The client refuses the settings; the message says which.</exception>
    public KafkaBus(KafkaOptions options, TimeProvider time, ILogger<KafkaBus> logger)
    {
        string[] problems = [.. KafkaOptionsCheck.Problems(options, "Corda:Bus:Kafka")];
        if (problems.Length > 0)
        {
            throw new MessagingFatalException(string.Join(Environment.NewLine, problems));
        }

        this.time = time;
        clients = new KafkaClients(options, time, logger);
        admin = clients.Admin();
        topics = new KafkaTopics(clients, admin, time);
        protocols = new GroupProtocols(clients, admin);
        watermarks = new KafkaWatermarks(clients, time);
        eviction = new KafkaEviction(options.BootstrapServers, KafkaSettings.GroupConsumer(options, "none", "corda-eviction"), time, logger);
    }

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics)
    {
        RequireOpen();
        this.topics.Ensure(topics);
    }

    public int PartitionCount(string topic) => topics.PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener)
    {
        RequireOpen();
        foreach (string topic in topics)
        {
            this.topics.Require(topic);
        }

        protocols.Require(group);
        return new KafkaGroupConsumer(group, memberName, topics, listener, clients, watermarks, LeaveBehind, time);
    }

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt)
    {
        RequireOpen();
        return new KafkaPartitionReader(partitions, startAt, pace, clients, watermarks, time);
    }

    public OffsetRange OffsetsOf(TopicPartition partition)
    {
        (long low, long high) = watermarks.Of(partition);
        return new OffsetRange(low, high);
    }

    public string TopicIdentity(string topic) => topics.IdentityOf(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId)
    {
        RequireOpen();
        return new KafkaTransactionalProducer(transactionalId, clients);
    }

    public IBatchProducer OpenProducer(string clientId)
    {
        RequireOpen();
        return new KafkaBatchProducer(writers.GetOrAdd(clientId, id => new KafkaBatchWriter(clients, id)));
    }

    public Task<bool> Evict(DeadWorker dead)
    {
        RequireOpen();
        return eviction.Evict(dead with { TransactionalIds = [.. dead.TransactionalIds.SelectMany(KafkaTransactionalProducer.IdsOf)] });
    }

    /// <summary>Writes what waits already, then closes the clients that are left; those of members and producers belong to who opened them.</summary>
    public async ValueTask DisposeAsync()
    {
        if (closed)
        {
            return;
        }

        closed = true;
        await closing.CancelAsync();
        foreach (KafkaBatchWriter writer in writers.Values)
        {
            await writer.DisposeAsync();
        }

        clients.Retire(admin.Dispose);
        watermarks.Close();
        await clients.DisposeAsync();
    }

    private void LeaveBehind(GroupMemberId member) => _ = eviction.LeaveBehind(member, clients.Options.SessionTimeout, closing.Token);

    private void RequireOpen() => ObjectDisposedException.ThrowIf(closed, this);
}
