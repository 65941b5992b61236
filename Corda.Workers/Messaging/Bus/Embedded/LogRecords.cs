namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>A partition as the store knows it.</summary>
/// <param name="Id">Its number, unique among all partitions of all topics.</param>
/// <param name="Partition">Its name.</param>
internal sealed record StoredPartition(int Id, TopicPartition Partition);

/// <summary>What records weigh.</summary>
internal static class RecordSizes
{
    /// <summary>Object, array headers and references of a record in memory, which for small records is the most of it.</summary>
    private const int OverheadBytes = 128;

    /// <summary>What a record costs in memory.</summary>
    public static long SizeBytes(this ConsumedRecord record) => OverheadBytes + record.Key.Length + (record.Value?.Length ?? 0);

    /// <summary>What a record brings to the log.</summary>
    public static long SizeBytes(this OutgoingRecord record) => record.Key.Length + (long)(record.Value?.Length ?? 0);
}
