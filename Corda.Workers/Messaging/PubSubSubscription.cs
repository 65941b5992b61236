using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>Every instance hears what is written from now on, at most once: after a failure it goes on with what comes then.</summary>
internal sealed class PubSubSubscription<TValue>(Topic<TValue> topic, IPubSubProcessor<TValue> processor, PatternContext context)
    : ReaderSubscription<TValue>($"pub-sub {topic.Name}", topic, StartAt.End, context)
    where TValue : class
{
    private volatile bool listening;

    protected override bool IsReady => listening;

    /// <inheritdoc/>
    public override void Close()
    {
        listening = false;
        base.Close();
    }

    protected override void OnOpened(IPartitionReader opened, IReadOnlyList<TopicPartition> partitions)
    {
        // Asking for a position makes sure that "from now on" is now, not when the first poll gets round to it.
        foreach (TopicPartition partition in partitions)
        {
            _ = opened.Position(partition);
        }

        listening = true;
    }

    protected override void OnRecords(IPartitionReader from, IReadOnlyList<ConsumedRecord> records)
    {
        foreach (ConsumedRecord record in records)
        {
            if (TryDecode(record, out TValue? value))
            {
                Guarded(record, () => processor.OnNext(record.Key, value));
            }
        }
    }
}
