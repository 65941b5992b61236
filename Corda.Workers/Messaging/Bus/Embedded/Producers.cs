namespace Corda.Workers.Messaging.Bus.Embedded;

/// <inheritdoc cref="ITransactionalProducer"/>
internal sealed class TransactionalProducer(TransactionalId.Holder holder, CommitWriter writer, BusCore core) : ITransactionalProducer
{
    private bool disposed;

    public void Commit(
        IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        PendingTransaction transaction = PendingTransaction.Create(records, consumed, membership, holder, core);
        writer.Submit(transaction);
        transaction.Completion.GetAwaiter().GetResult();
    }

    public void Dispose() => disposed = true;
}

/// <inheritdoc cref="IBatchProducer"/>
internal sealed class BatchProducer(CommitWriter writer, BusCore core) : IBatchProducer
{
    private volatile bool disposed;

    public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (records.Count == 0)
        {
            return Task.CompletedTask;
        }

        PendingTransaction transaction;
        try
        {
            transaction = PendingTransaction.Batch(records, core);
            writer.Submit(transaction);
        }
        catch (Exception refused) when (refused is RecordRefusedException or MessagingFatalException or MessagingTransientException)
        {
            return Task.FromException(refused);
        }

        return transaction.Completion;
    }

    public void Dispose() => disposed = true;
}
