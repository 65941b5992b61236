using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Simulation;

/// <summary>What is taken away to show that the oracle would notice.</summary>
public enum Mutant
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A commit does not check who owns the partitions and the transactional id: a zombie writes.</summary>
    NoFence,

    /// <summary>Records first, offsets in a second transaction: a crash in between does the work twice.</summary>
    TornCommit,

    /// <summary>Offsets first, records in a second transaction: a crash in between loses work.</summary>
    OffsetsFirst,
}

/// <summary>A bus that does not keep one of its promises.</summary>
internal sealed class MutantBus(IMessageBus bus, Mutant mutant) : IMessageBus
{
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics) => bus.EnsureTopics(topics);

    public int PartitionCount(string topic) => bus.PartitionCount(topic);

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        bus.JoinGroup(group, memberName, topics, listener);

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        bus.OpenReader(partitions, startAt, pace);

    public OffsetRange OffsetsOf(TopicPartition partition) => bus.OffsetsOf(partition);

    public string TopicIdentity(string topic) => bus.TopicIdentity(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId) =>
        new Producer(bus.OpenTransactional(transactionalId), bus.OpenProducer("unfenced"), mutant);

    public IBatchProducer OpenProducer(string clientId) => bus.OpenProducer(clientId);

    public Task<bool> Evict(DeadWorker dead) => bus.Evict(dead);

    public ValueTask DisposeAsync() => bus.DisposeAsync();

    private sealed class Producer(ITransactionalProducer honest, IBatchProducer unfenced, Mutant mutant) : ITransactionalProducer
    {
        public void Commit(
            IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
        {
            switch (mutant)
            {
                case Mutant.NoFence:
                    unfenced.WriteAsync(records).GetAwaiter().GetResult();
                    honest.Commit([], consumed, membership);
                    break;
                case Mutant.TornCommit:
                    honest.Commit(records, NoOffsets, membership: null);
                    honest.Commit([], consumed, membership);
                    break;
                case Mutant.OffsetsFirst:
                    honest.Commit([], consumed, membership);
                    honest.Commit(records, NoOffsets, membership: null);
                    break;
                default:
                    honest.Commit(records, consumed, membership);
                    break;
            }
        }

        public void Dispose()
        {
            honest.Dispose();
            unfenced.Dispose();
        }
    }
}
