using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>The committed records of the flow topics, in order within each partition, and what they say.</summary>
internal sealed class CommittedRecords(IReadOnlyList<LogRecord> records)
{
    private const int FlowKeyBytes = 16;
    private static readonly string DeadLetterTopic = Topics.FlowEvent.Name + ".dlq";

    public static string StateTopic { get; } = Topics.FlowEvent.Name + ".state";

    public static IReadOnlyList<string> TopicNames { get; } = [Topics.FlowEvent.Name, StateTopic, Topics.FlowStatus.Name, DeadLetterTopic];

    public IReadOnlyList<LogRecord> All => records;

    /// <summary>Every status of every flow that clients started, in order.</summary>
    public ILookup<string, FlowStatus> Statuses { get; } = records
        .Where(record => record.Partition.Topic == Topics.FlowStatus.Name && record.Value is not null)
        .ToLookup(record => record.KeyText, record => Topics.FlowStatus.Codec.Decode(record.Value!));

    /// <summary>Every start that reached the log, a repeated one each time.</summary>
    public ILookup<string, LogRecord> StartEvents { get; } = records
        .Where(record => record.Partition.Topic == Topics.FlowEvent.Name && IsStart(record))
        .ToLookup(record => record.KeyText);

    /// <summary>Every state of every key, in order; a null state is its deletion.</summary>
    public ILookup<string, (LogRecord Record, StateRecord? State)> States { get; } = records
        .Where(record => record.Partition.Topic == StateTopic && record.Key.Length == FlowKeyBytes)
        .ToLookup(record => record.KeyText, record => (record, record.Value is null ? null : StateRecordCodec.Decode(record.Value)));

    /// <summary>Everything in the state partitions, crash markers included, partition by partition.</summary>
    public ILookup<int, LogRecord> StatePartitions { get; } = records
        .Where(record => record.Partition.Topic == StateTopic)
        .ToLookup(record => record.Partition.Partition);

    public IReadOnlyList<DeadLetter> DeadLetters { get; } =
        [.. records.Where(record => record.Partition.Topic == DeadLetterTopic).Select(record => DeadLetter.TopicOf(Topics.FlowEvent).Codec.Decode(record.Value!))];

    private static bool IsStart(LogRecord record)
    {
        try
        {
            return record.Value is not null && Topics.FlowEvent.Codec.Decode(record.Value) is StartFlow;
        }
        catch (MalformedRecordException)
        {
            return false; // put there by a test
        }
    }
}
