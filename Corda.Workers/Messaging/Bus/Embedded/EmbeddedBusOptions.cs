namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>Every bound of the embedded bus, with its reason. Read once when the bus opens.</summary>
internal sealed record EmbeddedBusOptions
{
    /// <summary>
    /// Partitions of every topic: enough for a laptop's lanes to share, few enough that a group commit touches few pages. Never changes for a
    /// topic that exists.
    /// </summary>
    public int PartitionCount { get; init; } = 8;

    /// <summary>How long records of Delete topics stay after every group has read them: long enough to look into yesterday's trouble on Monday.</summary>
    public TimeSpan RetentionTime { get; init; } = TimeSpan.FromDays(3);

    /// <summary>How long a tombstone stays, so that whoever lags less than this learns of the removal. Kafka's own default.</summary>
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Offsets of a group without members hold back retention so long, as Kafka's offsets.retention.minutes.</summary>
    public TimeSpan GroupRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A member that has not polled for so long is evicted. All members live in this process: only a stuck lane is that slow.</summary>
    public TimeSpan MemberTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest record, key and value together: bigger things are chunked by their sender, so that one record never stalls a partition.</summary>
    public int RecordBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes of newest records kept in memory for each partition; who lags more reads the file. 100 partitions full: 100 MiB.</summary>
    public long TailBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Bytes that wait for the writer before new transactions are refused as transient: some ten group commits, a second of a slow disk.</summary>
    public long PendingBytesMax { get; init; } = 128L * 1024 * 1024;

    /// <summary>Bytes after which a group commit takes no further transaction, so that the first of the group need not wait for a very long write.</summary>
    public long GroupBytesMax { get; init; } = 8L * 1024 * 1024;

    /// <summary>Bytes read from the store at a time by one partition's reader: a few milliseconds of disk and of decoding.</summary>
    public long ReadBytesMax { get; init; } = 512 * 1024;

    /// <summary>How often retention and compaction look for work. Seconds do not matter to records that live for days.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A compacted partition is rewritten when so many bytes, and at least as many as it had after the last time, were added: each byte is
    /// rewritten about once.
    /// </summary>
    public long CompactionBytesMin { get; init; } = 1024 * 1024;

    /// <summary>Different keys that one compaction pass remembers (about 100 bytes each); with more new keys it takes several passes.</summary>
    public int CompactionKeysMax { get; init; } = 200_000;
}
