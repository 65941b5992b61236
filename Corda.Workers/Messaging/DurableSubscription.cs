using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>
/// Consumes a topic as a member of a group; outputs and offsets are one transaction. A record that the processor fails on, or that cannot be read,
/// goes to the dead letters; a <see cref="TransientProcessingException"/> brings the whole batch again.
/// </summary>
internal sealed class DurableSubscription<TValue>(string group, Topic<TValue> topic, IDurableProcessor<TValue> processor, PatternContext context)
    : GroupSubscription(
        $"durable-{group}-{topic.Name}-{context.InstanceId}",
        group,
        [new TopicSpec(topic.Name, topic.Cleanup), new TopicSpec(DeadLetter.TopicOf(topic).Name, Cleanup.Delete)],
        context)
    where TValue : class
{
    private readonly RecordEncoder encoder = new(context.Bus, context.RecordBytesMax);
    private readonly Topic<DeadLetter> deadLetters = DeadLetter.TopicOf(topic);

    protected override IReadOnlyList<OutgoingRecord> Process(IReadOnlyList<ConsumedRecord> records)
    {
        var outputs = new List<OutgoingRecord>();
        var readable = new List<(ConsumedRecord Record, KeyValuePair<byte[], TValue?> Pair)>(records.Count);
        foreach (ConsumedRecord record in records)
        {
            try
            {
                readable.Add((record, new(record.Key, record.Value is null ? null : topic.Codec.Decode(record.Value))));
            }
            catch (MalformedRecordException cause)
            {
                outputs.AddRange(ToDeadLetters(record, null, cause));
            }
        }

        if (readable.Count > 0)
        {
            outputs.AddRange(Outputs(readable));
        }

        return outputs;
    }

    // All at once; if that fails, one by one, to find the record that it fails on.
    private List<OutgoingRecord> Outputs(List<(ConsumedRecord Record, KeyValuePair<byte[], TValue?> Pair)> records)
    {
        try
        {
            return [.. processor.OnNext(records.ConvertAll(static one => one.Pair)).Select(encoder.Encode)];
        }
        catch (TransientProcessingException cause)
        {
            throw new MessagingTransientException($"{Name}: the processor asks to try again: {cause.Message}", cause);
        }
        catch (Exception) when (records.Count > 1)
        {
            return [.. records.SelectMany(one => Outputs([one]))];
        }
        catch (Exception cause)
        {
            FailureKind kind = cause is RecordRefusedException ? FailureKind.Refused : FailureKind.Permanent;
            return [.. ToDeadLetters(records[0].Record, kind, cause)];
        }
    }

    private IEnumerable<OutgoingRecord> ToDeadLetters(ConsumedRecord record, FailureKind? kind, Exception cause)
    {
        string input = $"{record.Partition}@{record.Offset}";
        MessagingLog.DeadLettered(Context.Logger, input, KeyComparer.Text(record.Key), cause.Message, cause);
        MessagingMetrics.DeadLetters.Add(1);
        var letter = new DeadLetter(
            Context.Time.GetUtcNow(), topic.Name, record.Partition.Partition, input, record.Key, record.Value, null, kind, 1, cause.Message, cause.ToString());
        return DeadLetterRecords.Of(deadLetters, letter, Context.RecordBytesMax);
    }
}
