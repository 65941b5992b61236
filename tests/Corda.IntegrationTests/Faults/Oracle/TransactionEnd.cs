using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>How a transaction ended, on one partition.</summary>
/// <param name="Partition">Where.</param>
/// <param name="At">When it ended.</param>
/// <param name="Committed">Whether it was committed; aborted else.</param>
/// <param name="After">How long after its last record; null where it had written nothing there.</param>
/// <param name="GoesOn">How long after its last record somebody else's transaction was committed there; null for never, or where it had written nothing.</param>
internal sealed record TransactionEnd(TopicPartition Partition, DateTimeOffset At, bool Committed, TimeSpan? After, TimeSpan? GoesOn)
{
    /// <summary>
    /// The first end of a transaction of this producer after a moment, on each partition, in the order of time: the first is that of the transaction which was open then, the
    /// others are so unless the producer lived on.
    /// </summary>
    public static IReadOnlyList<TransactionEnd> Of(string producer, DateTimeOffset at, Evidence evidence) =>
        [.. evidence.Batches!.Select(partition => Of(partition.Key, partition.Value, IdOf(producer), at)).OfType<TransactionEnd>().OrderBy(end => end.At)];

    public override string ToString() => $"{Partition} {(Committed ? "committed" : "aborted")} after {After?.TotalSeconds:0.00} s, goes on after {GoesOn?.TotalSeconds:0.00} s";

    private static TransactionEnd? Of(TopicPartition partition, IReadOnlyList<RawBatch> batches, string id, DateTimeOffset at)
    {
        RawBatch[] own = [.. batches.Where(batch => batch.Transactional && IdOf(batch.Writer!) == id)];
        int end = Array.FindIndex(own, batch => batch.Control is not null && batch.At >= at);
        if (end < 0) return null;
        RawBatch? last = own[..end].LastOrDefault() is { Control: null } data ? data : null;
        RawBatch? next = batches.FirstOrDefault(batch => batch.Control == true && batch.At >= at && IdOf(batch.Writer!) != id);
        return new TransactionEnd(partition, own[end].At, own[end].Control!.Value, own[end].At - last?.At, next?.At - last?.At);
    }

    // An end that the broker wrote itself carries a higher epoch of the same producer.
    private static string IdOf(string producer) => producer.Split(':')[0];
}
