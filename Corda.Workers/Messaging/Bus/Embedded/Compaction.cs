namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>How far a compacted partition is compacted.</summary>
internal sealed class CompactionState
{
    public CleanMark Clean { get; set; } = CleanMark.None;

    /// <summary>What was written since.</summary>
    public long DirtyBytes { get; set; }

    /// <summary>From so many new bytes on a pass is worth its while: each byte is then rewritten about once.</summary>
    public long DirtyBytesMax(EmbeddedBusOptions options) => Math.Max(options.CompactionBytesMin, Clean.Bytes);

    /// <summary>Whether a pass is worth its while, or a tombstone has outlived its use.</summary>
    public bool IsDue(EmbeddedBusOptions options, DateTimeOffset now) =>
        DirtyBytes >= DirtyBytesMax(options) || Clean.OldestTombstone < now - options.TombstoneRetention;
}

/// <summary>
/// One pass over a compacted partition, as Kafka's log cleaner makes it: first learn the newest offset of each key written since the last pass, then
/// rewrite everything up to there without the records that are superseded and without tombstones that everybody has had time to see.
/// </summary>
/// <remarks>
/// Offsets and order stay. Old records go before the tombstone that killed them, so a crash between two slices brings no value back to life.
/// Appends stay pure appends, which upserting in place would not be; the price is that each byte is rewritten about once, in idle moments.
/// </remarks>
internal sealed class Compaction(PartitionLog log, CompactionState state, BusCore core)
{
    private readonly Dictionary<byte[], long> newest = new(KeyComparer.Instance);
    private readonly long end = log.End;
    private readonly long dirtyBytes = state.DirtyBytes;
    private readonly DateTimeOffset tombstonesBefore = core.Time.GetUtcNow() - core.Options.TombstoneRetention;

    /// <summary>Does a slice of the pass at each step.</summary>
    public IEnumerable<bool> Run()
    {
        long to = state.Clean.To;
        long learntBytes = 0;
        while (to < end && newest.Count < core.Options.CompactionKeysMax)
        {
            LogSlice slice = core.Read(log, to, end);
            learntBytes += Learn(slice.Records);
            to = slice.Next;
            yield return true;
        }

        long bytes = 0;
        DateTimeOffset? oldestTombstone = null;
        for (long position = 0; position < to;)
        {
            LogSlice slice = core.Read(log, position, to);
            List<ConsumedRecord> survivors = [.. slice.Records.Where(Survives)];
            if (survivors.Count < slice.Records.Count)
            {
                core.Store.Replace(log.Identity, position, slice.Next, survivors);
            }

            bytes += survivors.Sum(r => r.SizeBytes());
            oldestTombstone ??= survivors.Find(r => r.Value is null)?.Timestamp;
            position = slice.Next;
            yield return true;
        }

        state.Clean = new CleanMark(to, bytes, oldestTombstone);

        // After a start the dirty bytes are those of the rows, not of the records: a pass over all of them takes off what was put on.
        state.DirtyBytes -= to == end ? dirtyBytes : Math.Min(learntBytes, dirtyBytes);
        core.Store.MarkClean(log.Identity, state.Clean);
    }

    private long Learn(IReadOnlyList<ConsumedRecord> records)
    {
        long bytes = 0;
        foreach (ConsumedRecord record in records)
        {
            newest[record.Key] = record.Offset;
            bytes += record.SizeBytes();
        }

        return bytes;
    }

    private bool Survives(ConsumedRecord record) =>
        (!newest.TryGetValue(record.Key, out long newestOffset) || record.Offset >= newestOffset)
        && (record.Value is not null || record.Timestamp >= tombstonesBefore);

    private sealed class KeyComparer : IEqualityComparer<byte[]>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] key)
        {
            HashCode hash = default;
            hash.AddBytes(key);
            return hash.ToHashCode();
        }
    }
}
