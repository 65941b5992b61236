namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>The transactions of one group commit with the offsets they get. Made and used by the commit writer.</summary>
internal sealed class GroupCommit
{
    private readonly Dictionary<PartitionLog, PartitionAppend> appends = [];
    private readonly Dictionary<(string Group, TopicPartition Partition), GroupOffset> offsets = [];

    public GroupCommit(long sequence, DateTimeOffset timestamp, IReadOnlyList<PendingTransaction> transactions)
    {
        (Sequence, Timestamp, Transactions) = (sequence, timestamp, transactions);
        foreach (PendingTransaction transaction in transactions)
        {
            Place(transaction);
        }
    }

    public long Sequence { get; }

    public DateTimeOffset Timestamp { get; }

    public IReadOnlyList<PendingTransaction> Transactions { get; }

    public IReadOnlyCollection<PartitionAppend> Appends => appends.Values;

    /// <summary>Whether there is anything to be made durable.</summary>
    public bool IsEmpty => appends.Count == 0 && offsets.Count == 0;

    public LogWrite ToWrite() => new(Sequence, [.. appends.Values], [.. offsets.Values]);

    /// <summary>Offsets follow on the visible end: only this writer moves it, and only after the group is durable.</summary>
    private void Place(PendingTransaction transaction)
    {
        for (int i = 0; i < transaction.Logs.Length; i++)
        {
            PartitionLog log = transaction.Logs[i];
            if (!appends.TryGetValue(log, out PartitionAppend? append))
            {
                appends.Add(log, append = new PartitionAppend(log, []));
            }

            OutgoingRecord record = transaction.Records[i];
            append.Records.Add(new ConsumedRecord(record.Partition, log.End + append.Records.Count, record.Key, record.Value, Timestamp));
        }

        foreach ((TopicPartition partition, long offset) in transaction.Consumed)
        {
            string group = transaction.Membership!.Group;
            offsets[(group, partition)] = new GroupOffset(group, partition, offset, Timestamp);
        }
    }
}
