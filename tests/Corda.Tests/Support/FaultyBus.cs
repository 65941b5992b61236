using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Support;

/// <summary>How a commit goes wrong.</summary>
internal enum CommitFault
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Nothing is written, and the caller learns so.</summary>
    Transient,

    /// <summary>Nothing is written: somebody else took over.</summary>
    Fenced,

    /// <summary>Nothing is written, but the caller cannot know.</summary>
    LostRequest,

    /// <summary>Everything is written, but the caller cannot know.</summary>
    LostAcknowledgement,

    /// <summary>Nothing is written: a record is too large.</summary>
    Refused,
}

/// <summary>A bus whose commits are counted and go wrong as a test wants; it can also die, as a process dies, while the bus behind it lives on.</summary>
internal sealed class FaultyBus(IMessageBus inner) : IMessageBus
{
    // Held over a commit and its counting: whoever has seen what a commit wrote also finds it counted.
    private readonly Lock counting = new();
    private readonly List<IReadOnlyList<OutgoingRecord>> commits = [];
    private volatile bool dead;
    private volatile bool isOut;

    /// <summary>Decides about each commit of records.</summary>
    public Func<IReadOnlyList<OutgoingRecord>, CommitFault> Faults { get; set; } = static _ => CommitFault.None;

    /// <summary>Comes before topics are made or checked.</summary>
    public Action EnsuringTopics { get; set; } = static () => { };

    /// <summary>The transactions that were written, in order.</summary>
    public IReadOnlyList<IReadOnlyList<OutgoingRecord>> Commits
    {
        get
        {
            lock (counting) return [.. commits];
        }
    }

    public bool IsDead => dead;

    /// <summary>From now on nothing of this process reaches the bus, and it says goodbye to nobody.</summary>
    public void Die() => dead = true;

    /// <summary>From now on its members are out of their groups, which the next poll tells: then they are in them again, with what they had.</summary>
    public void PutOut() => isOut = true;

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics)
    {
        EnsuringTopics();
        Alive().EnsureTopics(topics);
    }

    public int PartitionCount(string topic) => Alive().PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        new Consumer(Alive().JoinGroup(group, memberName, topics, new Listener(listener, this)), this);

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        Alive().OpenReader(partitions, startAt, pace);

    public OffsetRange OffsetsOf(TopicPartition partition) => inner.OffsetsOf(partition);

    public string TopicIdentity(string topic) => inner.TopicIdentity(topic);

    /// <summary>Done before the producer of an id is opened.</summary>
    public Action<string> Opening { get; set; } = static _ => { };

    public ITransactionalProducer OpenTransactional(string transactionalId)
    {
        Opening(transactionalId);
        return Opened(transactionalId);
    }

    private Producer Opened(string transactionalId) => new(Alive().OpenTransactional(transactionalId), this);

    public IBatchProducer OpenProducer(string clientId) => Alive().OpenProducer(clientId);

    public Task<bool> Evict(DeadWorker worker) => Alive().Evict(worker);

    /// <summary>The bus behind goes on: it is another process.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IMessageBus Alive() => dead ? throw new MessagingFencedException("this process is dead") : inner;

    private sealed class Producer(ITransactionalProducer inner, FaultyBus bus) : ITransactionalProducer
    {
        public void Commit(
            IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
        {
            bus.Alive();
            CommitFault fault = bus.Faults(records);
            switch (fault)
            {
                case CommitFault.Transient:
                    throw new MessagingTransientException("injected: transient");
                case CommitFault.Fenced:
                    throw new MessagingFencedException("injected: fenced");
                case CommitFault.LostRequest:
                    throw new MessagingIndefiniteException("injected: request lost");
                case CommitFault.Refused:
                    throw new RecordRefusedException("injected: refused");
                case CommitFault.None:
                case CommitFault.LostAcknowledgement:
                default:
                    lock (bus.counting)
                    {
                        inner.Commit(records, consumed, membership);
                        bus.commits.Add(records);
                    }

                    break;
            }

            if (fault == CommitFault.LostAcknowledgement)
            {
                throw new MessagingIndefiniteException("injected: acknowledgement lost");
            }
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class Consumer(IGroupConsumer inner, FaultyBus bus) : IGroupConsumer
    {
        public IReadOnlyCollection<TopicPartition> Assignment => inner.Assignment;

        public GroupMembership Membership => bus.isOut ? inner.Membership with { MemberId = "" } : inner.Membership;

        public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            bus.Alive();
            bus.isOut = false;
            return inner.Poll(recordsMax, wait);
        }

        public long Position(TopicPartition partition) => inner.Position(partition);

        public bool IsAtEnd(TopicPartition partition) => inner.IsAtEnd(partition);

        public void Pause(IReadOnlyCollection<TopicPartition> partitions) => inner.Pause(partitions);

        public void Resume(IReadOnlyCollection<TopicPartition> partitions) => inner.Resume(partitions);

        public void Rewind() => inner.Rewind();

        public void Wakeup() => inner.Wakeup();

        public void Dispose() => inner.Dispose();
    }

    private sealed class Listener(IAssignmentListener inner, FaultyBus bus) : IAssignmentListener
    {
        public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions) => Tell(() => inner.OnAssigned(partitions));

        public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions) => Tell(() => inner.OnRevoked(partitions));

        public void OnLost(IReadOnlyCollection<TopicPartition> partitions) => Tell(() => inner.OnLost(partitions));

        private void Tell(Action action)
        {
            if (!bus.dead)
            {
                action();
            }
        }
    }
}
