using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>
/// A bus on which a share of all commits fails, and most of those that have read something: aborted, or done but unacknowledged. A sound engine bears it.
/// </summary>
internal sealed class TroubledBus(IMessageBus inner, double share, int seed) : BusOver(inner)
{
    private const double ShareOfReaders = 0.5;
    private readonly Random random = new(seed);
    private readonly Dictionary<TopicPartition, long> positions = [];

    public override ITransactionalProducer OpenTransactional(string transactionalId) => new ProducerOver(base.OpenTransactional(transactionalId), Commit);

    private void Commit(
        ITransactionalProducer producer, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        switch (Next(consumed))
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

    // A position fails once at most: else nothing would ever be done.
    private int Next(IReadOnlyDictionary<TopicPartition, long> consumed)
    {
        lock (random)
        {
            bool reads = consumed.Count == 0;
            foreach ((TopicPartition partition, long position) in consumed)
            {
                reads |= position > positions.GetValueOrDefault(partition, position);
                positions[partition] = Math.Max(position, positions.GetValueOrDefault(partition));
            }

            return random.NextDouble() < (reads ? ShareOfReaders : share) ? random.Next(2) : -1;
        }
    }
}
