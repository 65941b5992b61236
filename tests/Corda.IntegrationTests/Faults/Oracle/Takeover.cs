namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>A state partition goes from one owner to another, as their crash markers tell.</summary>
/// <param name="Partition">Which.</param>
/// <param name="Owners">Who had it at the moment from which on one looks, and everybody who took it over since, in order. An owner begins with its worker's id.</param>
internal sealed record Takeover(int Partition, IReadOnlyList<string> Owners)
{
    /// <summary>What happened to each partition since a moment.</summary>
    public static IReadOnlyList<Takeover> Since(DateTimeOffset moment, Evidence evidence) =>
        [.. evidence.Log.StatePartitions.OrderBy(partition => partition.Key).Select(partition => new Takeover(partition.Key, [.. OwnersSince(partition, moment, evidence)]))];

    public override string ToString() => $"{Partition}: {string.Join(" > ", Owners)}";

    private static IEnumerable<string> OwnersSince(IEnumerable<LogRecord> records, DateTimeOffset moment, Evidence evidence)
    {
        string? owner = null;
        bool told = false;
        foreach (LogRecord record in records)
        {
            if (OwnerInvariant.MarkerIn(record)?.Owner is not { } marker || marker == owner) continue;
            bool since = Batch(record, evidence).At >= moment;
            if (since && !told && owner is not null) yield return owner;
            if (since) yield return marker;
            told |= since;
            owner = marker;
        }

        if (!told && owner is not null) yield return owner;
    }

    private static RawBatch Batch(LogRecord record, Evidence evidence) =>
        evidence.Batches![record.Partition].First(batch => batch.First <= record.Offset && record.Offset <= batch.Last);
}
