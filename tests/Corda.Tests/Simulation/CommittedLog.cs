using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Simulation;

/// <summary>Stands directly over the bus and keeps every record that was really committed, in the order of the commits: what compaction would forget.</summary>
internal sealed class CommittedLog(IMessageBus bus) : IMessageBus
{
    private readonly Lock gate = new();
    private readonly List<OutgoingRecord> records = [];

    public IReadOnlyList<OutgoingRecord> Of(string topic)
    {
        lock (gate) return [.. records.Where(record => record.Partition.Topic == topic)];
    }

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => bus.EnsureTopics(topics);

    public int PartitionCount(string topic) => bus.PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        bus.JoinGroup(group, memberName, topics, listener);

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        bus.OpenReader(partitions, startAt, pace);

    public OffsetRange OffsetsOf(TopicPartition partition) => bus.OffsetsOf(partition);

    public string TopicIdentity(string topic) => bus.TopicIdentity(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId) => new Transactional(this, bus.OpenTransactional(transactionalId));

    public IBatchProducer OpenProducer(string clientId) => new Batch(this, bus.OpenProducer(clientId));

    public Task<bool> Evict(DeadWorker dead) => bus.Evict(dead);

    public ValueTask DisposeAsync() => bus.DisposeAsync();

    // The lock is held over commit and keeping: else the next owner of a partition could commit, and be kept, in between.
    private void CommitAndKeep(IReadOnlyList<OutgoingRecord> committed, Action commit)
    {
        lock (gate)
        {
            commit();
            records.AddRange(committed);
        }
    }

    private sealed class Transactional(CommittedLog owner, ITransactionalProducer inner) : ITransactionalProducer
    {
        public void Commit(
            IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership) =>
            owner.CommitAndKeep(records, () => inner.Commit(records, consumed, membership));

        public void Dispose() => inner.Dispose();
    }

    private sealed class Batch(CommittedLog owner, IBatchProducer inner) : IBatchProducer
    {
        public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
        {
            owner.CommitAndKeep(records, () => inner.WriteAsync(records).GetAwaiter().GetResult());
            return Task.CompletedTask;
        }

        public void Dispose() => inner.Dispose();
    }
}
