namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>When flows went on after something had stopped them all, as the log tells it.</summary>
internal static class GoingOn
{
    /// <summary>When the first transaction that wrote a state after <paramref name="since"/> was committed; null for never.</summary>
    public static DateTimeOffset? FirstStepAfter(DateTimeOffset since, Evidence evidence) => evidence.Batches!
        .Where(partition => partition.Key.Topic == CommittedRecords.StateTopic)
        .Select(partition => FirstCommit([.. partition.Value.Where(batch => batch.At >= since)]))
        .Min();

    // What was written before, and only ended now, is no step that was made now.
    private static DateTimeOffset? FirstCommit(IReadOnlyList<RawBatch> batches)
    {
        var open = new HashSet<string>();
        foreach (RawBatch batch in batches.Where(batch => batch.Transactional))
        {
            // An end that the broker wrote itself carries a higher epoch of the same producer.
            string producer = batch.Writer!.Split(':')[0];
            if (batch.Control is not { } kept) open.Add(producer);
            else if (open.Remove(producer) && kept) return batch.At;
        }

        return null;
    }
}
