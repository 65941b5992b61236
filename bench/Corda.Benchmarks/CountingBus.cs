using Corda.Workers.Messaging.Bus;

namespace Corda.Benchmarks;

/// <summary>Counts what is committed: the bytes and commits that the raw limit is then asked for.</summary>
/// <param name="bus">What is counted.</param>
/// <param name="watched">A topic whose records are counted by themselves.</param>
internal sealed class CountingBus(IMessageBus bus, string? watched = null) : IMessageBus
{
    private long commits, records, bytes, read, ofWatched;

    public (long Commits, long Records, long Bytes) Counted => (Volatile.Read(ref commits), Volatile.Read(ref records), Volatile.Read(ref bytes));

    /// <summary>The records of the watched topic that were committed.</summary>
    public long Watched => Volatile.Read(ref ofWatched);

    /// <summary>What was read outside of groups.</summary>
    public long Read => Volatile.Read(ref read);

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => bus.EnsureTopics(topics);

    public int PartitionCount(string topic) => bus.PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        bus.JoinGroup(group, memberName, topics, listener);

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        new Reader(this, bus.OpenReader(partitions, startAt, pace));

    public OffsetRange OffsetsOf(TopicPartition partition) => bus.OffsetsOf(partition);

    public string TopicIdentity(string topic) => bus.TopicIdentity(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId) => new Transactional(this, bus.OpenTransactional(transactionalId));

    public IBatchProducer OpenProducer(string clientId) => new Batch(this, bus.OpenProducer(clientId));

    public Task<bool> Evict(DeadWorker dead) => bus.Evict(dead);

    public ValueTask DisposeAsync() => bus.DisposeAsync();

    private void Count(IReadOnlyList<OutgoingRecord> written)
    {
        Interlocked.Increment(ref commits);
        Interlocked.Add(ref records, written.Count);
        Interlocked.Add(ref bytes, written.Sum(record => record.Key.Length + (record.Value?.Length ?? 0L)));
        if (watched is not null) Interlocked.Add(ref ofWatched, written.Count(record => record.Partition.Topic == watched));
    }

    private sealed class Reader(CountingBus owner, IPartitionReader inner) : IPartitionReader
    {
        public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            IReadOnlyList<ConsumedRecord> polled = inner.Poll(recordsMax, wait);
            Interlocked.Add(ref owner.read, polled.Count);
            return polled;
        }

        public void Add(TopicPartition partition, long from) => inner.Add(partition, from);

        public void Remove(TopicPartition partition) => inner.Remove(partition);

        public long EndOffset(TopicPartition partition) => inner.EndOffset(partition);

        public long Position(TopicPartition partition) => inner.Position(partition);

        public void Wakeup() => inner.Wakeup();

        public void Dispose() => inner.Dispose();
    }

    private sealed class Transactional(CountingBus owner, ITransactionalProducer inner) : ITransactionalProducer
    {
        public void Commit(
            IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
        {
            inner.Commit(records, consumed, membership);
            owner.Count(records);
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class Batch(CountingBus owner, IBatchProducer inner) : IBatchProducer
    {
        public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
        {
            owner.Count(records);
            return inner.WriteAsync(records);
        }

        public void Dispose() => inner.Dispose();
    }
}
