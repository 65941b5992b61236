using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>Everything the oracle looks at. Nothing of it comes from the runtime's own account of itself but what clients were told.</summary>
/// <param name="Starts">What the clients did and were told.</param>
/// <param name="Ledger">What flow code really executed.</param>
/// <param name="Log">Every committed record, by a plain read-committed reader; in order within each partition.</param>
/// <param name="Batches">What really lies in the log, committed or not; null where the bus has no such thing to show.</param>
/// <param name="Lag">Records of the events' partitions that the group has not committed; null where that cannot be asked.</param>
internal sealed record Evidence(
    IReadOnlyList<StartHistory> Starts,
    EffectLedger Ledger,
    CommittedRecords Log,
    IReadOnlyDictionary<TopicPartition, IReadOnlyList<RawBatch>>? Batches = null,
    IReadOnlyDictionary<TopicPartition, long>? Lag = null);

/// <summary>A committed record.</summary>
/// <param name="Partition">Where.</param>
/// <param name="Offset">Its place.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null for a tombstone.</param>
/// <param name="Writer">Who wrote it, as the log knows; null where it does not.</param>
internal sealed record LogRecord(TopicPartition Partition, long Offset, byte[] Key, byte[]? Value, string? Writer = null)
{
    public string KeyText { get; } = Convert.ToHexStringLower(Key);
}

/// <summary>A batch as it lies in the log of a broker.</summary>
/// <param name="First">Offset of its first record.</param>
/// <param name="Last">Offset of its last record.</param>
/// <param name="Writer">Producer id and epoch; null for a producer without.</param>
/// <param name="Transactional">Whether it belongs to a transaction.</param>
/// <param name="Control">For the end of a transaction: whether it was committed; null for data.</param>
/// <param name="At">When it was written: data by its writer's clock, the end of a transaction by the broker's.</param>
internal sealed record RawBatch(long First, long Last, string? Writer, bool Transactional, bool? Control, DateTimeOffset At);

/// <summary>A violation of an invariant.</summary>
/// <param name="Invariant">Which.</param>
/// <param name="What">What was seen, where, and what should have been.</param>
internal sealed record Violation(string Invariant, string What)
{
    public override string ToString() => $"{Invariant}: {What}";
}
