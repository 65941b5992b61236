using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>Makes the bad buses.</summary>
internal static class Mutants
{
    private const int OneIn = 30;
    private const int LostIn = 5;
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    public static IMessageBus Of(Mutant mutant, IMessageBus bus) => mutant switch
    {
        Mutant.None => bus,
        Mutant.OffsetsFirst => new CommitsBus(bus, OffsetsFirst),
        Mutant.OffsetsLast => new CommitsBus(bus, OffsetsLast),
        Mutant.DropOffsets => new CommitsBus(bus, static (producer, records, _, _) => producer.Commit(records, NoOffsets, membership: null)),
        Mutant.EvictWithoutFencing => new UnfencedBus(bus, static (bus, _) => new OwnIds(bus)),
        Mutant.IgnoreFence => new UnfencedBus(bus, static (bus, id) => new Batches(bus.OpenProducer($"{id}-unfenced"))),
        Mutant.ApplyBeforeCommit => new CommitsBus(bus, ApplyBeforeCommit),
        Mutant.AgainAfterIndefinite => new CommitsBus(bus, AgainAfterIndefinite),
        Mutant.LostOutput => new CommitsBus(bus, LostOutput()),
        Mutant.DoubledOutput => new CommitsBus(bus, DoubledOutput()),
        Mutant.NoRewind => new NoRewindBus(bus),
        Mutant.OwnGroup => new OwnGroupBus(bus),
        Mutant.DedupOff => new DedupOffBus(bus),
        Mutant.LostTimer => new RestoringBus(bus, static record => StateRecords.Change(record, static state => state with { DueAt = null })),
        Mutant.RestoreUnread => new RestoreUnreadBus(bus),
        Mutant.OldEpoch => new OldEpochBus(bus),
        _ => throw new ArgumentOutOfRangeException(nameof(mutant), mutant, "No such mutant."),
    };

    private static void OffsetsFirst(
        ITransactionalProducer producer, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        producer.Commit([], consumed, membership);
        producer.Commit(records, NoOffsets, membership: null);
    }

    private static void OffsetsLast(
        ITransactionalProducer producer, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        producer.Commit(records, NoOffsets, membership: null);
        producer.Commit([], consumed, membership);
    }

    private static void ApplyBeforeCommit(
        ITransactionalProducer producer, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        try
        {
            producer.Commit(records, consumed, membership);
        }
        catch (MessagingTransientException)
        {
            // Aborted; memory goes on as if it were not.
        }
    }

    private static void AgainAfterIndefinite(
        ITransactionalProducer producer, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        try
        {
            producer.Commit(records, consumed, membership);
        }
        catch (MessagingIndefiniteException)
        {
            producer.Commit(records, consumed, membership);
        }
    }

    // Of events only: a status that is lost is told again when the client asks, and most of what is written is statuses.
    private static ProducerOver.CommitIn LostOutput()
    {
        int written = 0;
        return (producer, records, consumed, membership) => producer.Commit(
            [.. records.Where(record => record.Partition.Topic != Topics.FlowEvent.Name || Interlocked.Increment(ref written) % LostIn != 0)], consumed, membership);
    }

    private static ProducerOver.CommitIn DoubledOutput()
    {
        int written = 0;
        return (producer, records, consumed, membership) => producer.Commit(
            [.. records.SelectMany(record => Enumerable.Repeat(record, Interlocked.Increment(ref written) % OneIn == 0 ? 2 : 1))], consumed, membership);
    }

    /// <summary>Commits in its own way.</summary>
    private sealed class CommitsBus(IMessageBus inner, ProducerOver.CommitIn commit) : BusOver(inner)
    {
        public override ITransactionalProducer OpenTransactional(string transactionalId) => new ProducerOver(base.OpenTransactional(transactionalId), commit);
    }

    /// <summary>Writes its records past a fence; only the offsets still meet it.</summary>
    private sealed class UnfencedBus(IMessageBus inner, Func<IMessageBus, string, IPastTheFence> open) : BusOver(inner)
    {
        public override ITransactionalProducer OpenTransactional(string transactionalId)
        {
            IPastTheFence past = open(Inner, transactionalId);
            return new ProducerOver(
                base.OpenTransactional(transactionalId),
                (producer, records, consumed, membership) =>
                {
                    past.Write(records);
                    producer.Commit([], consumed, membership);
                },
                past.Dispose);
        }
    }

    private interface IPastTheFence : IDisposable
    {
        void Write(IReadOnlyList<OutgoingRecord> records);
    }

    private sealed class Batches(IBatchProducer producer) : IPastTheFence
    {
        public void Write(IReadOnlyList<OutgoingRecord> records) => producer.WriteAsync(records).GetAwaiter().GetResult();

        public void Dispose() => producer.Dispose();
    }

    // Transactions, but under an id that nobody else will ever initialise, and without saying of which group.
    private sealed class OwnIds(IMessageBus bus) : IPastTheFence
    {
        private readonly ITransactionalProducer producer = bus.OpenTransactional($"unfenced-{Environment.ProcessId}-{Guid.NewGuid():N}");

        public void Write(IReadOnlyList<OutgoingRecord> records) => producer.Commit(records, NoOffsets, membership: null);

        public void Dispose() => producer.Dispose();
    }

    private sealed class NoRewindBus(IMessageBus inner) : BusOver(inner)
    {
        public override IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
            new Consumer(base.JoinGroup(group, memberName, topics, listener));

        private sealed class Consumer(IGroupConsumer inner) : ConsumerOver(inner)
        {
            public override void Rewind()
            {
            }
        }
    }

    private sealed class OwnGroupBus(IMessageBus inner) : BusOver(inner)
    {
        private readonly string own = $"{Environment.ProcessId}-{Guid.NewGuid():N}";

        public override IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
            base.JoinGroup($"{group}-{own}", memberName, topics, listener);
    }
}
