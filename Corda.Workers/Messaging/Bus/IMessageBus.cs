namespace Corda.Workers.Messaging.Bus;

/// <summary>
/// The only seam to a broker: a partitioned log with consumer groups and transactions. The compliance suite of the tests is its contract; every
/// implementation passes it. All readers are read-committed.
/// </summary>
public interface IMessageBus : IAsyncDisposable
{
    /// <summary>Makes sure that the topics exist, each with the bus's number of partitions. Idempotent.</summary>
    /// <exception cref="MessagingFatalException">A topic exists with another number of partitions or clean-up.</exception>
    void EnsureTopics(IReadOnlyCollection<TopicSpec> topics);

    /// <summary>The number of partitions of a topic.</summary>
    int PartitionCount(string topic);

    /// <summary>Joins a consumer group. The member is assigned partitions during <see cref="IGroupConsumer.Poll"/>.</summary>
    /// <exception cref="MessagingFatalException">A topic does not exist, or the broker keeps the group in another way than is configured.</exception>
    /// <exception cref="MessagingTransientException">No broker answers for now.</exception>
    IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener);

    /// <summary>Reads partitions outside of any group, from the beginning or from now on.</summary>
    /// <param name="partitions">Those to begin with.</param>
    /// <param name="startAt">Where in them.</param>
    /// <param name="pace">Whether somebody waits for each record.</param>
    IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt);

    /// <summary>What there is of a partition now: every record written before this call, committed or not, lies before the end. Any thread.</summary>
    /// <exception cref="MessagingTransientException">It cannot be told for now.</exception>
    OffsetRange OffsetsOf(TopicPartition partition);

    /// <summary>Names this very topic: another text when it was deleted and made anew. Any thread.</summary>
    /// <exception cref="MessagingTransientException">It cannot be told for now.</exception>
    string TopicIdentity(string topic);

    /// <summary>
    /// Opens the producer of a transactional id and fences every former one with this id: their open transactions are aborted, and whatever they
    /// try from now on fails with <see cref="MessagingFencedException"/>.
    /// </summary>
    ITransactionalProducer OpenTransactional(string transactionalId);

    /// <summary>
    /// Opens a producer for single, idempotent, atomic batches outside of groups. Thread-safe. Where the bus needs a transactional id for it, the id is the
    /// client id.
    /// </summary>
    IBatchProducer OpenProducer(string clientId);

    /// <summary>
    /// Ends on a worker's behalf what it can end no more: fences its transactional ids (what is open is aborted) and leaves its groups, so that its partitions
    /// go to others without waiting for any timeout. To be called when its process is known to be gone; if it is not, it finds itself fenced, drops its work and
    /// joins anew. May be repeated. Any thread.
    /// </summary>
    /// <returns>At once; completes with whether all of it was done. What was not is logged, and the timeouts of the bus decide. Never fails.</returns>
    Task<bool> Evict(DeadWorker dead);
}

/// <summary>A topic as the broker knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cleanup">How long records live.</param>
public sealed record TopicSpec(string Name, Cleanup Cleanup)
{
    /// <summary>It has few keys, each written all the time: a bus that compacts now and then does so soon.</summary>
    public bool HasFewKeys { get; init; }
}

/// <summary>One partition of a topic.</summary>
public readonly record struct TopicPartition(string Topic, int Partition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Topic}-{Partition}";
}

/// <summary>A record to be written. A null value is a tombstone.</summary>
public sealed record OutgoingRecord(TopicPartition Partition, byte[] Key, byte[]? Value);

/// <summary>A record that was read.</summary>
/// <param name="Partition">Where from.</param>
/// <param name="Offset">Its place; rises within the partition, with gaps.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null for a tombstone.</param>
/// <param name="Timestamp">When the bus took it.</param>
public sealed record ConsumedRecord(TopicPartition Partition, long Offset, byte[] Key, byte[]? Value, DateTimeOffset Timestamp);

/// <summary>A partition's offsets.</summary>
/// <param name="Begin">Of the oldest record that may still be there; those below are deleted.</param>
/// <param name="End">After the newest.</param>
public readonly record struct OffsetRange(long Begin, long End);

/// <summary>Where a reader begins.</summary>
public enum StartAt
{
    /// <summary>With the oldest record there is.</summary>
    Beginning,

    /// <summary>With the next record to come.</summary>
    End,
}

/// <summary>What matters to a reader.</summary>
public enum ReaderPace
{
    /// <summary>Each record as soon as it is there.</summary>
    Prompt,

    /// <summary>
    /// Few fetches: a record may wait a moment, well below a tenth of a second, for others that come with it. For copies that are kept up to date while somebody else writes.
    /// </summary>
    Thrifty,
}

/// <summary>Told of changes of a member's partitions, on the thread that polls, within <see cref="IGroupConsumer.Poll"/> or <see cref="IDisposable.Dispose"/>.</summary>
public interface IAssignmentListener
{
    /// <summary>These partitions are this member's from now on, beginning at the group's committed offsets. Others stay as they are.</summary>
    void OnAssigned(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>These partitions go to somebody else when this call returns; until then the member may still commit.</summary>
    void OnRevoked(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>These partitions are somebody else's already. Nothing that belongs to them can be committed.</summary>
    void OnLost(IReadOnlyCollection<TopicPartition> partitions);
}

/// <summary>A member of a consumer group. Used by one thread, but for <see cref="Wakeup"/>.</summary>
public interface IGroupConsumer : IDisposable
{
    /// <summary>
    /// The next records of the assigned, not paused partitions: at once if there are any, else waits. Also keeps the membership alive and runs the
    /// <see cref="IAssignmentListener"/>.
    /// </summary>
    /// <param name="recordsMax">At most so many records.</param>
    /// <param name="wait">At most so long.</param>
    /// <exception cref="MessagingEvictedException">The member was evicted; its listener was told. The next poll joins anew.</exception>
    IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait);

    /// <summary>What this member owns now.</summary>
    IReadOnlyCollection<TopicPartition> Assignment { get; }

    /// <summary>Proof of membership at this moment, for <see cref="ITransactionalProducer.Commit"/>.</summary>
    GroupMembership Membership { get; }

    /// <summary>
    /// The offset of an assigned partition that is read next; right after the assignment and after <see cref="Rewind"/> the committed one. A lane that
    /// commits work without records (a timer) commits this position with it: so the broker checks that the partition is still its own.
    /// </summary>
    long Position(TopicPartition partition);

    /// <summary>
    /// All records of an assigned partition have been delivered, up to the end that it had when that was last looked at, or nothing comes after them because it is damaged;
    /// false also while that is not known yet, as after the assignment and after <see cref="Rewind"/>.
    /// </summary>
    bool IsAtEnd(TopicPartition partition);

    /// <summary>Delivers no records of these partitions until <see cref="Resume"/>. May be called within <see cref="IAssignmentListener.OnAssigned"/>.</summary>
    void Pause(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Delivers records of these partitions again.</summary>
    void Resume(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Goes back to the committed offsets of all assigned partitions: what was polled but not committed comes again.</summary>
    void Rewind();

    /// <summary>Makes a waiting <see cref="Poll"/> return early. Any thread.</summary>
    void Wakeup();
}

/// <summary>Proof of membership, valid until the group's next generation in which the member does not own the same partitions.</summary>
/// <param name="Group">The group.</param>
/// <param name="MemberId">The member.</param>
/// <param name="Generation">The generation of the group.</param>
public record GroupMembership(string Group, string MemberId, int Generation)
{
    /// <summary>It is the membership of somebody: who has none can commit no offsets.</summary>
    public virtual bool IsProof => MemberId.Length > 0;
}

/// <summary>Writes transactions. Used by one thread at a time.</summary>
public interface ITransactionalProducer : IDisposable
{
    /// <summary>
    /// Commits the records and the consumed offsets, all or nothing, and returns when they are durable. One transaction at a time.
    /// </summary>
    /// <param name="records">Written in this order.</param>
    /// <param name="consumed">For each partition the offset that is to be read next.</param>
    /// <param name="membership">The consumer's membership of this moment; null where no offsets are committed.</param>
    /// <exception cref="MessagingTransientException">Aborted; try again later.</exception>
    /// <exception cref="MessagingFencedException">Aborted: the transactional id or the partitions have another owner.</exception>
    /// <exception cref="MessagingIndefiniteException">Unknown: dispose this producer.</exception>
    /// <exception cref="RecordRefusedException">Aborted: a record is too large.</exception>
    void Commit(IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership);
}

/// <summary>Writes batches. Thread-safe.</summary>
public interface IBatchProducer : IDisposable
{
    /// <summary>Writes all records, all or nothing; completes when they are durable. Errors as <see cref="ITransactionalProducer.Commit"/>.</summary>
    Task WriteAsync(IReadOnlyList<OutgoingRecord> records);
}

/// <summary>Reads partitions outside of groups. Used by one thread, but for <see cref="Wakeup"/>.</summary>
public interface IPartitionReader : IDisposable
{
    /// <summary>The next records, in order within each partition: at once if there are any, else waits.</summary>
    IReadOnlyList<ConsumedRecord> Poll(int recordsMax, TimeSpan wait);

    /// <summary>Reads one more partition, from an offset on; what was deleted or compacted away there is passed over.</summary>
    void Add(TopicPartition partition, long from);

    /// <summary>Reads a partition no more.</summary>
    void Remove(TopicPartition partition);

    /// <summary>
    /// The end of a partition as of now: every record committed before this call has a smaller offset. Compare with <see cref="Position"/>.
    /// </summary>
    long EndOffset(TopicPartition partition);

    /// <summary>The offset that is read next: everything below has been delivered (or compacted away).</summary>
    long Position(TopicPartition partition);

    /// <summary>Makes a waiting <see cref="Poll"/> return early. Any thread.</summary>
    void Wakeup();
}
