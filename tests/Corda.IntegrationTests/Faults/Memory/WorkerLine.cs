using Corda.FaultHost;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Memory;

/// <summary>
/// One process's line to a bus that outlives it. Cut, every call fails, as no call of a dead process reaches anybody; standing still, the next commit is made whenever the
/// test lets it.
/// </summary>
internal sealed class WorkerLine(IMessageBus inner, string name) : BusOver(inner)
{
    private readonly ManualResetEventSlim mayGoOn = new(initialState: true);
    private volatile bool dead;

    /// <summary>Set when somebody stands still in a commit.</summary>
    public ManualResetEventSlim Stands { get; } = new();

    public void Die()
    {
        dead = true;
        mayGoOn.Set();
    }

    public void StandStill() => mayGoOn.Reset();

    public void GoOn() => mayGoOn.Set();

    public override int PartitionCount(string topic) => Living(() => base.PartitionCount(topic));

    public override IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        new Consumer(this, Living(() => base.JoinGroup(group, $"{name}-{memberName}", topics, listener)));

    public override IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        new Reader(this, Living(() => base.OpenReader(partitions, startAt, pace)));

    public override ITransactionalProducer OpenTransactional(string transactionalId) => new ProducerOver(
        Living(() => base.OpenTransactional($"{name}-{transactionalId}")),
        (producer, records, consumed, membership) => Living(() =>
        {
            if (!mayGoOn.IsSet) Stands.Set();
            mayGoOn.Wait();
            return Living(() =>
            {
                producer.Commit(records, consumed, membership);
                return true;
            });
        }));

    public override IBatchProducer OpenProducer(string clientId) => Living(() => base.OpenProducer($"{name}-{clientId}"));

    // The bus itself lives on: it is the broker.
    protected override ValueTask DisposeInnerAsync() => ValueTask.CompletedTask;

    private T Living<T>(Func<T> call) => dead ? throw new MessagingFatalException("This process is dead.") : call();

    private sealed class Consumer(WorkerLine owner, IGroupConsumer inner) : ConsumerOver(inner)
    {
        public override IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait) => owner.Living(() => base.Poll(recordsMax, wait));

        public override void Rewind() => owner.Living(() =>
        {
            base.Rewind();
            return true;
        });

        // The dead leave no group.
        public override void Dispose()
        {
            if (!owner.dead) base.Dispose();
        }
    }

    private sealed class Reader(WorkerLine owner, IPartitionReader inner) : ReaderOver(inner)
    {
        public override IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait) => owner.Living(() => base.Poll(recordsMax, wait));
    }
}
