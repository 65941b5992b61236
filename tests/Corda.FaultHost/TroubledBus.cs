using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>A bus on which a share of all commits fails, one way or another: aborted, done but unacknowledged, or by a fence. A sound engine bears it.</summary>
internal sealed class TroubledBus(IMessageBus inner, double share, int seed) : BusOver(inner)
{
    private readonly Random random = new(seed);

    public override ITransactionalProducer OpenTransactional(string transactionalId) => new ProducerOver(base.OpenTransactional(transactionalId), Commit);

    private void Commit(
        ITransactionalProducer producer, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        switch (Next())
        {
            case 0:
                throw new MessagingTransientException("Not now.");
            case 1:
                producer.Commit(records, consumed, membership);
                throw new MessagingIndefiniteException("The acknowledgement was lost.");
            default:
                producer.Commit(records, consumed, membership);
                break;
        }
    }

    private int Next()
    {
        lock (random) return random.NextDouble() < share ? random.Next(2) : -1;
    }
}
