using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>Every instance follows a compacted topic: first a snapshot up to the present ends, then what comes. Ready after the snapshot.</summary>
internal sealed class CompactedSubscription<TValue>(Topic<TValue> topic, ICompactedProcessor<TValue> processor, PatternContext context)
    : ReaderSubscription<TValue>($"compacted {topic.Name}", topic, StartAt.Beginning, context)
    where TValue : class
{
    private readonly Dictionary<TopicPartition, long> ends = [];
    private readonly Dictionary<byte[], TValue> snapshot = new(KeyComparer.Instance);
    private volatile bool live;

    protected override bool IsReady => live;

    /// <inheritdoc/>
    public override void Close()
    {
        live = false;
        base.Close();
    }

    protected override void OnOpened(IPartitionReader opened, IReadOnlyList<TopicPartition> partitions)
    {
        snapshot.Clear();
        ends.Clear();
        foreach (TopicPartition partition in partitions)
        {
            ends[partition] = opened.EndOffset(partition);
        }
    }

    protected override void OnRecords(IPartitionReader from, IReadOnlyList<ConsumedRecord> records)
    {
        foreach (ConsumedRecord record in records)
        {
            if (TryDecode(record, out TValue? value))
            {
                Take(record, value);
            }
        }

        if (!live && ends.All(end => from.Position(end.Key) >= end.Value))
        {
            processor.OnSnapshot([.. snapshot]);
            snapshot.Clear();
            live = true;
        }
    }

    private void Take(ConsumedRecord record, TValue? value)
    {
        if (live)
        {
            Guarded(record, () => processor.OnNext(record.Key, value));
        }
        else if (value is null)
        {
            snapshot.Remove(record.Key);
        }
        else
        {
            snapshot[record.Key] = value;
        }
    }
}
