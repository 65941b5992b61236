namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Where an embedded bus keeps its log. All writes come from one thread at a time (the commit writer); <see cref="Read"/> may be called by any thread
/// at the same time. Failures are <see cref="MessagingTransientException"/> (nothing was written), <see cref="MessagingIndefiniteException"/> (only
/// <see cref="Write"/>: ask <see cref="LastSequence"/> later) and <see cref="MessagingFatalException"/> (an operator must act).
/// </summary>
internal interface ILogStore : IDisposable
{
    /// <summary>Opens it and tells what it holds. Once, before everything else.</summary>
    StoredLog Open();

    /// <summary>Adds topics durably, all or none.</summary>
    void AddTopics(IReadOnlyList<StoredTopic> topics);

    /// <summary>Makes a group commit durable, all or nothing.</summary>
    void Write(LogWrite write);

    /// <summary>The sequence of the last durable write. Repairs the connection to the file where that is needed.</summary>
    long LastSequence();

    /// <summary>Records with offsets in [from, to), oldest first, about so many bytes. Row-aligned: it never stops within what was written together.</summary>
    /// <exception cref="DamagedPartitionException">There is something else than was written. Other partitions are not concerned.</exception>
    LogSlice Read(StoredPartition partition, long from, long to, long bytesMax);

    /// <summary>Deletes a slice of the oldest records that lie below an offset and were taken before a time. Returns whether there may be more of them.</summary>
    bool Trim(StoredPartition partition, long below, DateTimeOffset takenBefore);

    /// <summary>Replaces the records of [from, to) by those of them that survive a compaction. The range is one that <see cref="Read"/> returned.</summary>
    void Replace(StoredPartition partition, long from, long to, IReadOnlyList<ConsumedRecord> survivors);

    /// <summary>Remembers how far a partition is compacted.</summary>
    void MarkClean(StoredPartition partition, CleanMark mark);

    /// <summary>Deletes the offsets of a group that is long gone.</summary>
    void ForgetGroup(string group);

    /// <summary>Called when there is nothing to write: time to tidy files.</summary>
    void OnIdle();
}

/// <summary>What a store holds when it is opened.</summary>
/// <param name="Identity">Names this very log: no other has it, but for copies.</param>
/// <param name="Sequence">Of the last write.</param>
/// <param name="Topics">Every topic.</param>
/// <param name="Partitions">Every partition, with its end.</param>
/// <param name="Offsets">Every group's committed offsets.</param>
internal sealed record StoredLog(
    string Identity, long Sequence, IReadOnlyList<StoredTopic> Topics, IReadOnlyList<PartitionState> Partitions, IReadOnlyList<GroupOffset> Offsets);

/// <summary>A topic of the store; its partitions have the ids <paramref name="FirstPartitionId"/> and following.</summary>
internal sealed record StoredTopic(string Name, Cleanup Cleanup, int PartitionCount, int FirstPartitionId);

/// <summary>A partition of the store when it is opened.</summary>
/// <param name="Id">Its number.</param>
/// <param name="End">The next offset; never used before, whatever was deleted.</param>
/// <param name="Clean">How far it is compacted.</param>
/// <param name="DirtyBytes">What was written after that.</param>
internal sealed record PartitionState(int Id, long End, CleanMark Clean, long DirtyBytes);

/// <summary>How far a partition is compacted.</summary>
/// <param name="To">Below this offset every key occurs once.</param>
/// <param name="Bytes">The bytes there.</param>
/// <param name="OldestTombstone">When the oldest tombstone there was taken; null for none.</param>
internal sealed record CleanMark(long To, long Bytes, DateTimeOffset? OldestTombstone)
{
    public static readonly CleanMark None = new(0, 0, null);
}

/// <summary>The offset that a group reads next.</summary>
internal sealed record GroupOffset(string Group, TopicPartition Partition, long Offset, DateTimeOffset CommittedAt);

/// <summary>A group commit: what many transactions write together.</summary>
internal sealed record LogWrite(long Sequence, IReadOnlyList<PartitionAppend> Appends, IReadOnlyList<GroupOffset> Offsets);

/// <summary>Records for the end of a partition.</summary>
internal sealed record PartitionAppend(PartitionLog Log, List<ConsumedRecord> Records);

/// <summary>
/// A part of a partition. <paramref name="Next"/> is where to go on: everything below it and from where the reading began is in
/// <paramref name="Records"/>.
/// </summary>
internal readonly record struct LogSlice(IReadOnlyList<ConsumedRecord> Records, long Next);
