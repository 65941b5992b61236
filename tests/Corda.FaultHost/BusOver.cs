using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>A bus over another one that changes nothing; what derives from it changes one thing.</summary>
internal abstract class BusOver(IMessageBus inner) : IMessageBus
{
    protected IMessageBus Inner => inner;

    /// <summary>What becomes of the bus below when this one goes.</summary>
    protected virtual ValueTask DisposeInnerAsync() => inner.DisposeAsync();

    public virtual void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => inner.EnsureTopics(topics);

    public virtual int PartitionCount(string topic) => inner.PartitionCount(topic);

    public virtual IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        inner.JoinGroup(group, memberName, topics, listener);

    public virtual IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        inner.OpenReader(partitions, startAt, pace);

    public virtual OffsetRange OffsetsOf(TopicPartition partition) => inner.OffsetsOf(partition);

    public virtual string TopicIdentity(string topic) => inner.TopicIdentity(topic);

    public virtual ITransactionalProducer OpenTransactional(string transactionalId) => inner.OpenTransactional(transactionalId);

    public virtual IBatchProducer OpenProducer(string clientId) => inner.OpenProducer(clientId);

    public virtual Task<bool> Evict(DeadWorker dead) => inner.Evict(dead);

    public ValueTask DisposeAsync() => DisposeInnerAsync();
}

/// <summary>A member over another one.</summary>
internal abstract class ConsumerOver(IGroupConsumer inner) : IGroupConsumer
{
    protected IGroupConsumer Inner => inner;

    public virtual IReadOnlyCollection<TopicPartition> Assignment => inner.Assignment;

    public virtual GroupMembership Membership => inner.Membership;

    public virtual IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait) => inner.Poll(recordsMax, wait);

    public virtual long Position(TopicPartition partition) => inner.Position(partition);

    public virtual bool IsAtEnd(TopicPartition partition) => inner.IsAtEnd(partition);

    public virtual void Pause(IReadOnlyCollection<TopicPartition> partitions) => inner.Pause(partitions);

    public virtual void Resume(IReadOnlyCollection<TopicPartition> partitions) => inner.Resume(partitions);

    public virtual void Rewind() => inner.Rewind();

    public virtual void Wakeup() => inner.Wakeup();

    public virtual void Dispose() => inner.Dispose();
}

/// <summary>A listener over another one.</summary>
internal abstract class ListenerOver(IAssignmentListener inner) : IAssignmentListener
{
    protected IAssignmentListener Inner => inner;

    public virtual void OnAssigned(IReadOnlyCollection<TopicPartition> partitions) => inner.OnAssigned(partitions);

    public virtual void OnRevoked(IReadOnlyCollection<TopicPartition> partitions) => inner.OnRevoked(partitions);

    public virtual void OnLost(IReadOnlyCollection<TopicPartition> partitions) => inner.OnLost(partitions);
}

/// <summary>A reader over another one.</summary>
internal abstract class ReaderOver(IPartitionReader inner) : IPartitionReader
{
    protected IPartitionReader Inner => inner;

    public virtual IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait) => inner.Poll(recordsMax, wait);

    public virtual void Add(TopicPartition partition, long from) => inner.Add(partition, from);

    public virtual void Remove(TopicPartition partition) => inner.Remove(partition);

    public virtual long EndOffset(TopicPartition partition) => inner.EndOffset(partition);

    public virtual long Position(TopicPartition partition) => inner.Position(partition);

    public virtual void Wakeup() => inner.Wakeup();

    public virtual void Dispose() => inner.Dispose();
}

/// <summary>Commits through another producer in its own way.</summary>
internal sealed class ProducerOver(ITransactionalProducer inner, ProducerOver.CommitIn commit, Action? dispose = null) : ITransactionalProducer
{
    /// <summary>A commit, given the producer it goes through in the end.</summary>
    internal delegate void CommitIn(
        ITransactionalProducer inner, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership);

    public void Commit(IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership) =>
        commit(inner, records, consumed, membership);

    public void Dispose()
    {
        inner.Dispose();
        dispose?.Invoke();
    }
}
