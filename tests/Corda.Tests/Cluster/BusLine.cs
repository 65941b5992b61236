using System.Collections.Concurrent;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Cluster;

/// <summary>A process's connection to a bus that lives elsewhere. Once it is cut, nothing of the process reaches the bus, not even a goodbye.</summary>
internal sealed class BusLine(IMessageBus bus) : IMessageBus
{
    private volatile bool isCut;

    /// <summary>Whom this process has evicted.</summary>
    public ConcurrentQueue<DeadWorker> Evicted { get; } = new();

    /// <summary>Evictions cannot be done.</summary>
    public bool EvictionsFail { get; set; }

    public void Cut() => isCut = true;

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => Uncut().EnsureTopics(topics);

    public int PartitionCount(string topic) => Uncut().PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        new Consumer(this, Uncut().JoinGroup(group, memberName, topics, listener));

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        Uncut().OpenReader(partitions, startAt, pace);

    public OffsetRange OffsetsOf(TopicPartition partition) => bus.OffsetsOf(partition);

    public string TopicIdentity(string topic) => bus.TopicIdentity(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId) => new Transactional(this, Uncut().OpenTransactional(transactionalId));

    public IBatchProducer OpenProducer(string clientId) => new Batch(this, Uncut().OpenProducer(clientId));

    public Task<bool> Evict(DeadWorker dead)
    {
        if (isCut) return Task.FromResult(false);
        Evicted.Enqueue(dead);
        return EvictionsFail ? Task.FromResult(false) : bus.Evict(dead);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IMessageBus Uncut() => isCut ? throw Lost() : bus;

    private static MessagingTransientException Lost() => new("the line is cut");

    private sealed class Consumer(BusLine line, IGroupConsumer inner) : IGroupConsumer
    {
        public IReadOnlyCollection<TopicPartition> Assignment => inner.Assignment;

        public GroupMembership Membership => inner.Membership;

        public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            line.Uncut();
            return inner.Poll(recordsMax, wait);
        }

        public long Position(TopicPartition partition) => inner.Position(partition);

        public bool IsAtEnd(TopicPartition partition) => inner.IsAtEnd(partition);

        public void Pause(IReadOnlyCollection<TopicPartition> partitions) => inner.Pause(partitions);

        public void Resume(IReadOnlyCollection<TopicPartition> partitions) => inner.Resume(partitions);

        public void Rewind()
        {
            line.Uncut();
            inner.Rewind();
        }

        public void Wakeup() => inner.Wakeup();

        public void Dispose()
        {
            if (!line.isCut) inner.Dispose();
        }
    }

    private sealed class Transactional(BusLine line, ITransactionalProducer inner) : ITransactionalProducer
    {
        public void Commit(IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
        {
            line.Uncut();
            inner.Commit(records, consumed, membership);
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class Batch(BusLine line, IBatchProducer inner) : IBatchProducer
    {
        public Task WriteAsync(IReadOnlyList<OutgoingRecord> records) => line.isCut ? Task.FromException(Lost()) : inner.WriteAsync(records);

        public void Dispose() => inner.Dispose();
    }
}
