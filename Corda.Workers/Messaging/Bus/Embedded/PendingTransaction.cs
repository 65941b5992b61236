namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>A transaction on its way to the log.</summary>
internal sealed class PendingTransaction
{
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    // Continuations elsewhere: the writer completes this, and must not run its callers' code.
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PendingTransaction(
        IReadOnlyList<OutgoingRecord> records,
        PartitionLog[] logs,
        long bytes,
        IReadOnlyDictionary<TopicPartition, long> consumed,
        GroupMembership? membership,
        TransactionalId.Holder? producer) =>
        (Records, Logs, Bytes, Consumed, Membership, Producer) = (records, logs, bytes, consumed, membership, producer);

    public IReadOnlyList<OutgoingRecord> Records { get; }

    /// <summary>For each record its partition.</summary>
    public PartitionLog[] Logs { get; }

    /// <summary>What it weighs.</summary>
    public long Bytes { get; }

    /// <summary>The offsets it commits; none without a <see cref="Membership"/>.</summary>
    public IReadOnlyDictionary<TopicPartition, long> Consumed { get; }

    public GroupMembership? Membership { get; }

    /// <summary>The right it is written by; null outside of transactional ids.</summary>
    public TransactionalId.Holder? Producer { get; }

    /// <summary>Ends when it is durable and visible, or refused.</summary>
    public Task Completion => completion.Task;

    /// <summary>A batch outside of groups.</summary>
    public static PendingTransaction Batch(IReadOnlyList<OutgoingRecord> records, BusCore core) =>
        Create(records, NoOffsets, membership: null, producer: null, core);

    /// <summary>Checks all that can be checked without knowing of others.</summary>
    /// <exception cref="RecordRefusedException">A record is too large.</exception>
    /// <exception cref="MessagingFatalException">A partition does not exist.</exception>
    public static PendingTransaction Create(
        IReadOnlyList<OutgoingRecord> records,
        IReadOnlyDictionary<TopicPartition, long> consumed,
        GroupMembership? membership,
        TransactionalId.Holder? producer,
        BusCore core)
    {
        if (consumed.Count > 0 && membership is null)
        {
            throw new ArgumentException("consumed offsets can only be committed with the membership of the group that they belong to", nameof(membership));
        }

        PartitionLog[] logs = new PartitionLog[records.Count];
        long bytes = 0;
        for (int i = 0; i < logs.Length; i++)
        {
            OutgoingRecord record = records[i];
            if (record.SizeBytes() > core.Options.RecordBytesMax)
            {
                throw new RecordRefusedException(
                    $"a record for topic '{record.Partition.Topic}' has {record.SizeBytes()} bytes, more than the {core.Options.RecordBytesMax} bytes that a "
                    + "record may have; nothing of its transaction was written; send it in chunks");
            }

            logs[i] = core.Topics.Require(record.Partition);
            bytes += record.SizeBytes();
        }

        return new PendingTransaction(records, logs, bytes, consumed, membership, producer);
    }

    public void Complete() => completion.TrySetResult();

    public void Fail(Exception reason) => completion.TrySetException(reason);
}
