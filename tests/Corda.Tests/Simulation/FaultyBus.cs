using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Simulation;

/// <summary>
/// One incarnation of a worker's access to the bus. Every operation that reads or writes is a point of the plan. After the incarnation has died every call
/// fails, as no call of a dead process reaches anybody.
/// </summary>
internal sealed class FaultyBus(IMessageBus bus, FaultPlan plan, FaultyBus.IScene scene) : IMessageBus
{
    private volatile bool dead;
    private volatile bool stands;

    /// <summary>Who plays the other parts: further workers that come and go.</summary>
    internal interface IScene
    {
        /// <summary>Another worker joins; returns at once.</summary>
        void Join();

        /// <summary>The worker stands still, beginning with the calling thread: another is to take over and end all its work.</summary>
        void StandStill();

        /// <summary>Returns when who stands still may go on.</summary>
        void AwaitGoOn();

        /// <summary>What it was about to do has been let through: a write of somebody who owns nothing any more.</summary>
        void WrittenAfterLoss(string where);
    }

    /// <summary>Set when the plan has killed this incarnation.</summary>
    public TaskCompletionSource Died { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Die()
    {
        dead = true;
        Died.TrySetResult();
    }

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => Living(() => bus.EnsureTopics(topics));

    public int PartitionCount(string topic) => bus.PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        new Consumer(this, Living(() => bus.JoinGroup(group, memberName, topics, listener)));

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        new Reader(this, Living(() => bus.OpenReader(partitions, startAt, pace)));

    public OffsetRange OffsetsOf(TopicPartition partition) => Living(() => bus.OffsetsOf(partition));

    public string TopicIdentity(string topic) => Living(() => bus.TopicIdentity(topic));

    public ITransactionalProducer OpenTransactional(string transactionalId) =>
        new Transactional(this, Living(() => bus.OpenTransactional(transactionalId)));

    public IBatchProducer OpenProducer(string clientId) => new Batch(this, Living(() => bus.OpenProducer(clientId)));

    public Task<bool> Evict(DeadWorker worker) => Living(() => bus.Evict(worker));

    // The bus itself lives on: it is the broker, or the file.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static MessagingFatalException DeadCall() => new("This process is dead.");

    private void Living(Action call) => Living(() =>
    {
        call();
        return true;
    });

    // Who stands still does so as a whole, whatever its threads are about to do.
    private T Living<T>(Func<T> call)
    {
        if (stands) scene.AwaitGoOn();
        return dead ? throw DeadCall() : call();
    }

    /// <summary>An operation with an effect: a point of the plan.</summary>
    private void AtPoint(string where, Action effect)
    {
        if (stands) scene.AwaitGoOn();
        if (dead) throw DeadCall();
        switch (plan.Next(where))
        {
            case Fault.CrashBefore:
                Die();
                throw DeadCall();
            case Fault.CrashAfter:
                effect();
                Die();
                throw DeadCall();
            case Fault.LostAcknowledgement:
                effect();
                throw new MessagingIndefiniteException($"{where}: the acknowledgement was lost.");
            case Fault.Transient:
                throw new MessagingTransientException($"{where}: not now.");
            case Fault.Rebalance:
                scene.Join();
                break;
            case Fault.Zombie:
                stands = true;
                scene.StandStill();
                scene.AwaitGoOn();
                effect();
                if (where is "commit" or "publish") scene.WrittenAfterLoss(where);
                return;
            case Fault.None:
            default:
                break;
        }

        effect();
    }

    private sealed class Consumer(FaultyBus owner, IGroupConsumer inner) : IGroupConsumer
    {
        public IReadOnlyCollection<TopicPartition> Assignment => inner.Assignment;

        public GroupMembership Membership => inner.Membership;

        public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            IReadOnlyList<ConsumedRecord> records = owner.Living(() => inner.Poll(recordsMax, wait));
            // An empty poll is no point: how many there are depends on nothing but the clock.
            if (records.Count > 0) owner.AtPoint("poll", () => { });
            return records;
        }

        public long Position(TopicPartition partition) => inner.Position(partition);

        public bool IsAtEnd(TopicPartition partition) => inner.IsAtEnd(partition);

        public void Pause(IReadOnlyCollection<TopicPartition> partitions) => inner.Pause(partitions);

        public void Resume(IReadOnlyCollection<TopicPartition> partitions) => inner.Resume(partitions);

        public void Rewind() => owner.AtPoint("rewind", inner.Rewind);

        public void Wakeup() => inner.Wakeup();

        // A dead process says no goodbye: its member is found missing.
        public void Dispose()
        {
            if (!owner.dead) inner.Dispose();
        }
    }

    private sealed class Reader(FaultyBus owner, IPartitionReader inner) : IPartitionReader
    {
        public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            IReadOnlyList<ConsumedRecord> records = owner.Living(() => inner.Poll(recordsMax, wait));
            if (records.Count > 0) owner.AtPoint("restore", () => { });
            return records;
        }

        public void Add(TopicPartition partition, long from) => owner.Living(() =>
        {
            inner.Add(partition, from);
            return true;
        });

        public void Remove(TopicPartition partition) => inner.Remove(partition);

        public long EndOffset(TopicPartition partition) => owner.Living(() => inner.EndOffset(partition));

        public long Position(TopicPartition partition) => inner.Position(partition);

        public void Wakeup() => inner.Wakeup();

        public void Dispose() => inner.Dispose();
    }

    private sealed class Transactional(FaultyBus owner, ITransactionalProducer inner) : ITransactionalProducer
    {
        public void Commit(
            IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership) =>
            owner.AtPoint("commit", () => inner.Commit(records, consumed, membership));

        public void Dispose() => inner.Dispose();
    }

    private sealed class Batch(FaultyBus owner, IBatchProducer inner) : IBatchProducer
    {
        public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
        {
            Task written = Task.CompletedTask;
            owner.AtPoint("publish", () => written = inner.WriteAsync(records));
            return written;
        }

        public void Dispose() => inner.Dispose();
    }
}
