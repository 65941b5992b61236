namespace Corda.Workers.Messaging.Bus.Embedded;

/// <inheritdoc cref="IPartitionReader"/>
internal sealed class PartitionReader : IPartitionReader
{
    private readonly BusCore core;
    private readonly WakeSignal signal;
    private readonly PollSet cursors = new(standsDamage: false);
    private readonly Dictionary<TopicPartition, LogCursor> byPartition = [];
    private readonly CancellationTokenRegistration closing;
    private volatile bool wakeup;
    private bool disposed;

    public PartitionReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, BusCore core)
    {
        this.core = core;
        signal = new WakeSignal(core.Time);
        foreach (PartitionLog log in partitions.Select(core.Topics.Require))
        {
            Add(log, startAt == StartAt.Beginning ? 0 : log.End);
        }

        closing = core.Closing.Register(signal.Set);
    }

    public IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait)
    {
        long start = core.Time.GetTimestamp();
        while (true)
        {
            ObjectDisposedException.ThrowIf(disposed || core.Closing.IsCancellationRequested, this);
            IReadOnlyList<ConsumedRecord> records = cursors.Read(recordsMax);
            TimeSpan left = wait - core.Time.GetElapsedTime(start);
            if (records.Count > 0 || wakeup || left <= TimeSpan.Zero)
            {
                wakeup = false;
                return records;
            }

            signal.Wait(left);
        }
    }

    public void Add(TopicPartition partition, long from) => Add(core.Topics.Require(partition), from);

    public void Remove(TopicPartition partition)
    {
        cursors.Remove(partition);
        byPartition.Remove(partition, out LogCursor? cursor);
        cursor!.Log.Unsubscribe(signal);
    }

    public long EndOffset(TopicPartition partition) => core.Topics.Require(partition).End;

    public long Position(TopicPartition partition) => byPartition[partition].Position;

    public void Wakeup()
    {
        wakeup = true;
        signal.Set();
    }

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            foreach (LogCursor cursor in byPartition.Values)
            {
                cursor.Log.Unsubscribe(signal);
            }

            closing.Dispose();
            signal.Dispose();
        }
    }

    private void Add(PartitionLog log, long from)
    {
        LogCursor cursor = core.CursorAt(log, from);
        byPartition.Add(log.Identity.Partition, cursor);
        cursors.Add(cursor);
        log.Subscribe(signal);
    }
}
