using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>Reads all partitions of a topic outside of any group; after a failure it begins anew.</summary>
internal abstract class ReaderSubscription<TValue>(string name, Topic<TValue> topic, StartAt startAt, PatternContext context)
    : LoopSubscription(name, context)
    where TValue : class
{
    private const int RecordsMax = 1_000;

    private volatile IPartitionReader? reader;

    protected Topic<TValue> Topic => topic;

    /// <inheritdoc/>
    public override void Turn()
    {
        if (reader is null)
        {
            Context.Bus.EnsureTopics([topic.Spec]);
            List<TopicPartition> partitions = [.. Enumerable.Range(0, Context.Bus.PartitionCount(topic.Name)).Select(p => new TopicPartition(topic.Name, p))];
            reader = Context.Bus.OpenReader(partitions, startAt);
            OnOpened(reader, partitions);
        }

        OnRecords(reader, reader.Poll(RecordsMax, Context.PollWait));
    }

    /// <inheritdoc/>
    public override void Recover(LoopFault fault) => Close();

    /// <inheritdoc/>
    public override void Close()
    {
        IPartitionReader? closing = reader;
        reader = null;
        closing?.Dispose();
    }

    protected override void Wakeup() => reader?.Wakeup();

    protected abstract void OnOpened(IPartitionReader opened, IReadOnlyList<TopicPartition> partitions);

    protected abstract void OnRecords(IPartitionReader from, IReadOnlyList<ConsumedRecord> records);

    /// <summary>The value of a record, or false if its bytes are not of the topic's type; it is logged and to be skipped.</summary>
    protected bool TryDecode(ConsumedRecord record, out TValue? value)
    {
        try
        {
            value = record.Value is null ? null : topic.Codec.Decode(record.Value);
            return true;
        }
        catch (MalformedRecordException cause)
        {
            MessagingLog.RecordSkipped(Context.Logger, Name, record.Partition.ToString(), record.Offset, cause.Message, cause);
            value = null;
            return false;
        }
    }

    /// <summary>Runs the processor; an exception is logged and the record skipped.</summary>
    protected void Guarded(ConsumedRecord record, Action action)
    {
        try
        {
            action();
        }
        catch (Exception cause)
        {
            MessagingLog.ProcessorFailed(Context.Logger, Name, $"{record.Partition} at offset {record.Offset}", cause);
        }
    }
}
