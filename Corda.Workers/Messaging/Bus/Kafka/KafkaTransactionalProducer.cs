using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <inheritdoc cref="ITransactionalProducer"/>
/// <remarks>
/// <para>Two clients, <c>&lt;id&gt;.a</c> and <c>&lt;id&gt;.b</c>, take turns: a transaction begins on one while the broker still writes the markers of the
/// other's. It begins only after the last commit has returned, so order and fencing are those of one. Opening initialises both, and so fences both of every
/// former holder.</para>
/// <para>Errors: what failed before the commit was asked for is aborted and definite. A commit or abort that has no clear answer is
/// <see cref="MessagingIndefiniteException"/>; both clients are let go of then, and nothing begins on them again.</para>
/// </remarks>
internal sealed class KafkaTransactionalProducer : ITransactionalProducer
{
    private readonly KafkaClients clients;
    private readonly string id;
    private readonly TransactionClient[] turns;
    private int turn;
    private string? end;
    private bool isFenced;
    private bool disposed;

    public KafkaTransactionalProducer(string id, KafkaClients clients)
    {
        this.id = id;
        this.clients = clients;
        turns = [.. IdsOf(id).Select(one => new TransactionClient(one, clients))];
        try
        {
            Task.WaitAll(turns.Select(static client => Task.Run(client.MakeReady)));
        }
        catch (AggregateException cause)
        {
            DiscardAll();
            throw NotReady((KafkaException?)cause.InnerExceptions.FirstOrDefault(static e => e is KafkaException) ?? throw Unwrapped(cause));
        }
    }

    /// <summary>The ids that the brokers know a producer's two clients by.</summary>
    public static IReadOnlyList<string> IdsOf(string id) => [$"{id}.a", $"{id}.b"];

    public void Commit(
        IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, GroupMembership? membership)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        foreach (OutgoingRecord record in records)
        {
            KafkaErrors.RequireSize(record);
        }

        RequireUsable();
        KafkaMembership? proof = consumed.Count > 0 ? Proof(membership) : null;
        MakeReady();
        TransactionClient client = turns[turn];
        turn = 1 - turn;
        Write(client, records, consumed, proof);
        End(client, consumed, proof);
    }

    public void Dispose()
    {
        disposed = true;
        DiscardAll();
    }

    private static Exception Unwrapped(AggregateException cause) => cause.InnerExceptions[0];

    private static KafkaMembership Proof(GroupMembership? membership) => membership is KafkaMembership { IsProof: true } proof
        ? proof
        : throw new MessagingFencedException($"offsets cannot be committed: {membership?.ToString() ?? "nobody"} is no member of the group at present");

    private void RequireUsable()
    {
        if (end is { } reason)
        {
            throw isFenced ? new MessagingFencedException(reason) : new MessagingIndefiniteException($"{reason}; this producer is finished, open another one");
        }
    }

    private void MakeReady()
    {
        try
        {
            Array.ForEach(turns, static client => client.MakeReady());
        }
        catch (KafkaException cause)
        {
            throw NotReady(cause);
        }
    }

    private Exception NotReady(KafkaException cause) => KafkaErrors.IsFenced(cause.Error.Code)
        ? Fenced(cause.Error)
        : new MessagingTransientException($"producer '{id}' cannot be initialised: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);

    private void Write(
        TransactionClient client, IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> consumed, KafkaMembership? proof)
    {
        try
        {
            client.Begin();
            foreach (OutgoingRecord record in records)
            {
                client.Produce(record);
            }

            if (proof is not null)
            {
                // Last: a producer that is fenced must not move them.
                client.SendOffsets(consumed.Select(static p => new TopicPartitionOffset(p.Key.Topic, p.Key.Partition, p.Value)), proof.Token);
            }
        }
        catch (KafkaException cause)
        {
            throw Aborted(client, cause, consumed, proof);
        }
    }

    private void End(TransactionClient client, IReadOnlyDictionary<TopicPartition, long> consumed, KafkaMembership? proof)
    {
        try
        {
            WithinBound(client.Commit);
        }
        catch (KafkaTxnRequiresAbortException cause)
        {
            throw Aborted(client, cause, consumed, proof);
        }
        catch (KafkaException cause)
        {
            throw KafkaErrors.IsFenced(cause.Error.Code) ? Fenced(cause.Error) : Indefinite("commit", cause);
        }
    }

    // Nothing was committed, and nothing will be: what is to be done, and what the caller is told.
    private Exception Aborted(
        TransactionClient client, KafkaException cause, IReadOnlyDictionary<TopicPartition, long> consumed, KafkaMembership? proof)
    {
        Error error = cause.Error;
        if (KafkaErrors.IsFenced(error.Code))
        {
            return Fenced(error);
        }

        KafkaLog.ProducerAborts(clients.Logger, id, KafkaErrors.Text(error));
        try
        {
            WithinBound(client.Abort);
        }
        catch (KafkaException failed)
        {
            if (KafkaErrors.IsFenced(failed.Error.Code))
            {
                return Fenced(failed.Error);
            }

            // A client that is beyond aborting never sent an end: a new one with the same id ends its transaction.
            if (!failed.Error.IsFatal && failed.Error.Code != ErrorCode.Local_State)
            {
                return Indefinite("abort", failed);
            }

            client.Discard();
        }

        return Reason(error, cause, consumed, proof);
    }

    private Exception Reason(Error error, KafkaException cause, IReadOnlyDictionary<TopicPartition, long> consumed, KafkaMembership? proof)
    {
        string what = $"the transaction of '{id}' was aborted: {KafkaErrors.Text(error)}";
        if (KafkaErrors.IsTooLarge(error.Code))
        {
            return new RecordRefusedException(what, cause);
        }

        if (proof is not null && (KafkaErrors.IsEvicted(error.Code) || (KafkaErrors.IsOldGeneration(error.Code) && !proof.StillOwns(consumed.Keys))))
        {
            return new MessagingFencedException($"{what}; member '{proof.MemberId}' of generation {proof.Generation} is no owner any more", cause);
        }

        return new MessagingTransientException($"{what}{clients.Trouble}", cause);
    }

    // The client says that the call may be repeated as long as it has no answer. Beyond the transaction's own time the broker has decided, but not told us.
    private void WithinBound(Action call)
    {
        const int Calls = 3;
        for (int calls = 1; ; calls++)
        {
            try
            {
                call();
                return;
            }
            catch (KafkaRetriableException) when (calls < Calls)
            {
                // Again.
            }
        }
    }

    private MessagingFencedException Fenced(Error error)
    {
        isFenced = true;
        end = $"producer '{id}' is fenced: another one has this id, or the broker has given its transaction up: {KafkaErrors.Text(error)}";
        DiscardAll();
        return new MessagingFencedException(end);
    }

    private MessagingIndefiniteException Indefinite(string what, KafkaException cause)
    {
        end = $"nobody knows whether the {what} of '{id}' has happened: {KafkaErrors.Text(cause.Error)}";
        DiscardAll();
        return new MessagingIndefiniteException(end, cause);
    }

    private void DiscardAll() => Array.ForEach(turns, static client => client.Discard());
}
