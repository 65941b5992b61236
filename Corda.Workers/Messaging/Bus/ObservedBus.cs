using System.Collections.Concurrent;

namespace Corda.Workers.Messaging.Bus;

/// <summary>A bus that remembers what this process holds on it. Thread-safe as the bus behind it.</summary>
internal sealed class ObservedBus(IMessageBus inner, TimeProvider time) : IMessageBus
{
    private readonly TimeProvider clock = time;
    private readonly ConcurrentDictionary<string, byte> transactionalIds = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObservedConsumer, byte> consumers = new();
    private readonly ConcurrentDictionary<GroupMemberId, DateTimeOffset> commits = new();

    /// <summary>Transactional ids, members or their partitions have changed. Called on the thread that changed them, which must not be held up.</summary>
    public Action? Changed { get; set; }

    /// <summary>What is held now.</summary>
    public BusHoldings Holdings => new(
        [.. transactionalIds.Keys.Order(StringComparer.Ordinal)],
        [.. consumers.Keys.Select(consumer => consumer.Held).OfType<HeldMembership>()
            .Select(held => held with { LastCommitAt = commits.TryGetValue(held.Member, out DateTimeOffset at) ? at : null })
            .OrderBy(held => held.Member.MemberId, StringComparer.Ordinal)]);

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => inner.EnsureTopics(topics);

    public int PartitionCount(string topic) => inner.PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener)
    {
        var consumer = new ObservedConsumer(listener, clock, OnConsumerChanged);
        consumer.Open(heard => inner.JoinGroup(group, memberName, topics, heard));
        consumers.TryAdd(consumer, 0);
        return consumer;
    }

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        inner.OpenReader(partitions, startAt, pace);

    public OffsetRange OffsetsOf(TopicPartition partition) => inner.OffsetsOf(partition);

    public string TopicIdentity(string topic) => inner.TopicIdentity(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId)
    {
        Add(transactionalId);
        return new Producer(this, inner.OpenTransactional(transactionalId));
    }

    public IBatchProducer OpenProducer(string clientId)
    {
        Add(clientId);
        return inner.OpenProducer(clientId);
    }

    public Task<bool> Evict(DeadWorker dead) => inner.Evict(dead);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Add(string transactionalId)
    {
        if (transactionalIds.TryAdd(transactionalId, 0)) Changed?.Invoke();
    }

    private void OnConsumerChanged(ObservedConsumer consumer, GroupMemberId? former, bool closed)
    {
        if (former is not null) commits.TryRemove(former, out _);
        if (closed) consumers.TryRemove(consumer, out _);
        Changed?.Invoke();
    }

    private sealed class Producer(ObservedBus bus, ITransactionalProducer inner) : ITransactionalProducer
    {
        public void Commit(IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
        {
            inner.Commit(records, consumed, membership);
            if (membership is not null) bus.commits[new GroupMemberId(membership.Group, membership.MemberId)] = bus.clock.GetUtcNow();
        }

        public void Dispose() => inner.Dispose();
    }
}
