using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.FaultHost;

/// <summary>What the mutants know of state records.</summary>
internal static class StateRecords
{
    private const int FlowKeyBytes = 16;

    public static bool IsState(TopicPartition partition) => partition.Topic.EndsWith(".state", StringComparison.Ordinal);

    /// <summary>The record with its state changed; others, such as markers and tombstones, as they are.</summary>
    public static ConsumedRecord Change(ConsumedRecord record, Func<StateRecord, StateRecord> change) =>
        IsState(record.Partition) && record.Key.Length == FlowKeyBytes && record.Value is { } value
            ? record with { Value = StateRecordCodec.Encode(change(StateRecordCodec.Decode(value))) }
            : record;
}
