using System.Diagnostics;
using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>Where a worker can be made to die. What lies between (after produce, after the offsets) is struck on the wire, by the proxy.</summary>
public enum CrashPoint
{
    /// <summary>Records were polled; nothing was done with them.</summary>
    AfterPoll,

    /// <summary>A batch is done; the broker knows nothing of it.</summary>
    BeforeCommit,

    /// <summary>The broker has committed; memory does not know.</summary>
    AfterCommit,

    /// <summary>Partitions are being taken away in good order.</summary>
    InRevoke,

    /// <summary>Partitions have been assigned and their states are being read.</summary>
    InRestore,
}

/// <summary>Ends the process at the point that a file names, at once and without a word (SIGKILL), and once: the file is gone by then.</summary>
internal sealed class CrashingBus(IMessageBus inner, string file) : BusOver(inner)
{
    public override IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener) =>
        new Consumer(this, base.JoinGroup(group, memberName, topics, new Listener(this, listener)));

    public override IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt) =>
        new Reader(this, base.OpenReader(partitions, startAt, pace));

    public override ITransactionalProducer OpenTransactional(string transactionalId) => new ProducerOver(
        base.OpenTransactional(transactionalId),
        (producer, records, consumed, membership) =>
        {
            At(CrashPoint.BeforeCommit);
            producer.Commit(records, consumed, membership);
            At(CrashPoint.AfterCommit);
        });

    private void At(CrashPoint point)
    {
        if (!File.Exists(file)) return;
        try
        {
            if (File.ReadAllText(file) != point.ToString()) return;
            File.Delete(file);
        }
        catch (IOException)
        {
            return; // another thread of this process is dying here already
        }

        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    private sealed class Consumer(CrashingBus owner, IGroupConsumer inner) : ConsumerOver(inner)
    {
        public override IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            IReadOnlyList<ConsumedRecord> records = base.Poll(recordsMax, wait);
            if (records.Count > 0) owner.At(CrashPoint.AfterPoll);
            return records;
        }
    }

    private sealed class Listener(CrashingBus owner, IAssignmentListener inner) : ListenerOver(inner)
    {
        public override void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
        {
            owner.At(CrashPoint.InRevoke);
            base.OnRevoked(partitions);
        }
    }

    private sealed class Reader(CrashingBus owner, IPartitionReader inner) : ReaderOver(inner)
    {
        public override IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
        {
            IReadOnlyList<ConsumedRecord> records = base.Poll(recordsMax, wait);
            if (records.Count > 0 && records[0].Partition.Topic.EndsWith(".state", StringComparison.Ordinal)) owner.At(CrashPoint.InRestore);
            return records;
        }
    }
}
