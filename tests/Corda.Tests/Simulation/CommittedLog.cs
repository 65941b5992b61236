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

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt) => bus.OpenReader(partitions, startAt);

    public ITransactionalProducer OpenTransactional(string transactionalId) => new Transactional(this, bus.OpenTransactional(transactionalId));

    public IBatchProducer OpenProducer(string clientId) => new Batch(this, bus.OpenProducer(clientId));

    public ValueTask DisposeAsync() => bus.DisposeAsync();

    // Commits of one key come one after the other, so keeping them after they return keeps their order.
    private void Keep(IReadOnlyList<OutgoingRecord> committed)
    {
        lock (gate) records.AddRange(committed);
    }

    private sealed class Transactional(CommittedLog owner, ITransactionalProducer inner) : ITransactionalProducer
    {
        public void Commit(
            IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
        {
            inner.Commit(records, consumed, membership);
            owner.Keep(records);
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class Batch(CommittedLog owner, IBatchProducer inner) : IBatchProducer
    {
        public async Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
        {
            await inner.WriteAsync(records);
            owner.Keep(records);
        }

        public void Dispose() => inner.Dispose();
    }
}
