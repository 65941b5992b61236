using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>
/// I8: whoever takes a state partition over leaves a crash marker first. From there to the next owner's marker no writer may appear who wrote under another owner: that is a
/// zombie. (Two producers of one owner are two writers; a writer that is seen first belongs to the owner of that moment.)
/// </summary>
internal static class OwnerInvariant
{
    public static IEnumerable<string> Check(Evidence evidence)
    {
        var ownerOf = new Dictionary<string, string>();
        foreach (IGrouping<int, LogRecord> partition in evidence.Log.StatePartitions)
        {
            string? owner = null;
            foreach (LogRecord record in partition.Where(record => record.Writer is not null))
            {
                if (MarkerIn(record) is { } marker) owner = marker.Owner;
                if (owner is null) continue;
                string known = ownerOf.GetValueOrDefault(record.Writer!) ?? (ownerOf[record.Writer!] = owner);
                if (known != owner) yield return $"{record.Partition}@{record.Offset} (key {record.KeyText}) was written by {record.Writer} of {known}, while {owner} owned the partition";
            }
        }
    }

    /// <summary>The crash marker of a known owner that the record is; null for any other record.</summary>
    public static CrashMarker? MarkerIn(LogRecord record) =>
        record.Key.AsSpan().SequenceEqual(PartitionStates<object>.MarkerKey) && record.Value is { } value && CrashMarker.Decode(value) is { Owner.Length: > 0 } marker
            ? marker
            : null;
}
