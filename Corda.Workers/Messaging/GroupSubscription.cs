using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>A member of a group whose outputs and consumed offsets commit in one transaction.</summary>
/// <param name="name">For people; also the member and, unique in the cluster, the transactional id.</param>
/// <param name="group">The group.</param>
/// <param name="topics">The topic consumed, then those that must exist beside it.</param>
/// <param name="context">What all patterns share.</param>
internal abstract class GroupSubscription(string name, string group, IReadOnlyList<TopicSpec> topics, PatternContext context)
    : LoopSubscription(name, context), IAssignmentListener
{
    private const int RecordsMax = 200;

    private ITransactionalProducer? producer;
    private volatile IGroupConsumer? consumer;
    private volatile bool joined;
    private bool rewind;

    protected override bool IsReady => joined;

    /// <inheritdoc/>
    public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions) => MessagingMetrics.Rebalances.Add(1);

    /// <inheritdoc/>
    public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions) => MessagingMetrics.Rebalances.Add(1);

    /// <inheritdoc/>
    public void OnLost(IReadOnlyCollection<TopicPartition> partitions) => MessagingMetrics.Rebalances.Add(1);

    /// <inheritdoc/>
    public override void Turn()
    {
        Mend();

        // The first poll only joins.
        IReadOnlyList<ConsumedRecord> records = consumer!.Poll(RecordsMax, joined ? Context.PollWait : TimeSpan.Zero);
        joined = true;
        if (records.Count == 0)
        {
            return;
        }

        IReadOnlyList<OutgoingRecord> outputs = Process(records);
        Dictionary<TopicPartition, long> positions = [];
        foreach (ConsumedRecord record in records)
        {
            positions[record.Partition] = record.Offset + 1;
        }

        producer!.Commit(outputs, positions, consumer.Membership);
    }

    /// <inheritdoc/>
    public override void Recover(LoopFault fault)
    {
        MessagingMetrics.Recoveries.Add(1);
        rewind = true;
        joined &= fault != LoopFault.Evicted;
        if (fault != LoopFault.Transient)
        {
            CloseProducer();
        }

        if (fault is LoopFault.Fenced or LoopFault.Unexpected)
        {
            CloseConsumer();
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        CloseConsumer();
        CloseProducer();
    }

    /// <summary>The outputs of a batch, which is in order within each partition.</summary>
    /// <exception cref="MessagingTransientException">The batch comes again after a delay.</exception>
    protected abstract IReadOnlyList<OutgoingRecord> Process(IReadOnlyList<ConsumedRecord> records);

    protected override void Wakeup() => consumer?.Wakeup();

    private void Mend()
    {
        producer ??= Context.Bus.OpenTransactional(Name);
        if (consumer is null)
        {
            Context.Bus.EnsureTopics(topics);
            consumer = Context.Bus.JoinGroup(group, Name, [topics[0].Name], this);
        }
        else if (rewind)
        {
            consumer.Rewind();
        }

        rewind = false;
    }

    private void CloseConsumer()
    {
        joined = false;
        IGroupConsumer? closing = consumer;
        consumer = null;
        closing?.Dispose();
    }

    private void CloseProducer()
    {
        producer?.Dispose();
        producer = null;
    }
}
