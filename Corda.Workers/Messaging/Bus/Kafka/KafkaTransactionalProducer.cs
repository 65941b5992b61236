using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <inheritdoc cref="ITransactionalProducer"/>
/// <remarks>
/// <para>Two clients, <c>&lt;id&gt;.a</c> and <c>&lt;id&gt;.b</c>, take turns: a transaction begins on one while the broker still writes the markers of the
/// other's. It begins only after the last commit has returned, so order and fencing are those of one. Opening initialises both, and so fences both of every
/// former holder.</para>
/// <para>A group that merely moves on while a transaction is under way (somebody joined or left) makes the broker refuse its offsets. Where the partitions
/// have stayed, the same work is committed again with the new membership; nothing is rewound.</para>
/// <para>Errors: what failed before the commit was asked for is aborted and definite. A commit or abort that has no clear answer is
/// <see cref="MessagingIndefiniteException"/>; both clients are let go of then, and nothing begins on them again.</para>
/// </remarks>
internal sealed class KafkaTransactionalProducer : ITransactionalProducer
{
    // A rebalance of the others is through in a moment; it must not wait for long for this one, which does not poll meanwhile.
    private const int Attempts = 10;
    private static readonly TimeSpan GenerationPause = TimeSpan.FromMilliseconds(20);

    // For a client that has to be made anew. Its lane does not poll meanwhile; if it takes longer the lane comes again.
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(2);

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

        // The broker aborts what a former holder has open before it answers.
        TimeSpan patience = clients.Options.TransactionTimeout + KafkaSettings.CallTimeout;
        try
        {
            // On threads of their own: in an outage everybody does this, and the pool has few.
            Task.WaitAll(turns.Select(client => OwnThread.Run(() => client.MakeReady(patience))));
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
        var work = new Work(records, proof?.Holder.Forward(consumed) ?? consumed, proof);
        for (int attempt = 1; !TryCommit(work, attempt == Attempts); attempt++)
        {
            Thread.Sleep(GenerationPause);
            work = work with { Proof = work.Proof!.Renewed(consumed.Keys) ?? throw NoOwner(work.Proof, "the group has moved on") };
        }
    }

    // False where the group has moved on but the partitions stay: the same work may commit as part of the new generation.
    private bool TryCommit(Work work, bool isLast)
    {
        TransactionClient client = turns[turn];
        MakeReady(client);
        turn = 1 - turn;
        try
        {
            Write(client, work);
            End(client, work);
            work.Proof?.Holder.OnCommitted(work.Consumed);
            return true;
        }
        catch (MessagingTransientException cause)
            when (!isLast && work.Proof is not null && cause.InnerException is KafkaException { Error.Code: var code } && KafkaErrors.IsOldGeneration(code))
        {
            return false;
        }
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

    private void MakeReady(TransactionClient client)
    {
        try
        {
            client.MakeReady(ReadyPatience);
        }
        catch (KafkaException cause)
        {
            throw NotReady(cause);
        }
    }

    private Exception NotReady(KafkaException cause) => KafkaErrors.IsFenced(cause.Error.Code)
        ? Fenced(cause.Error)
        : new MessagingTransientException($"producer '{id}' cannot be initialised: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);

    private void Write(TransactionClient client, Work work)
    {
        try
        {
            client.Begin();
            foreach (OutgoingRecord record in work.Records)
            {
                client.Produce(record);
            }

            if (work.Proof is { } proof)
            {
                // Last: a producer that is fenced must not move them.
                client.SendOffsets(work.Consumed.Select(static p => new TopicPartitionOffset(p.Key.Topic, p.Key.Partition, p.Value)), proof.Token);
            }
        }
        catch (KafkaException cause)
        {
            throw Aborted(client, cause, work, isEndAsked: false);
        }
    }

    private void End(TransactionClient client, Work work)
    {
        try
        {
            client.Commit();
        }
        catch (KafkaTxnRequiresAbortException cause)
        {
            throw Aborted(client, cause, work, isEndAsked: true);
        }
        catch (KafkaException cause)
        {
            throw KafkaErrors.IsFenced(cause.Error.Code) ? Fenced(cause.Error) : Indefinite("commit", cause);
        }
    }

    // Nothing was committed, and nothing will be: what is to be done, and what the caller is told. Where the commit had been asked for, only an abort that is
    // answered says so.
    private Exception Aborted(TransactionClient client, KafkaException cause, Work work, bool isEndAsked)
    {
        Error error = cause.Error;
        if (KafkaErrors.IsFenced(error.Code))
        {
            return Fenced(error);
        }

        KafkaLog.ProducerAborts(clients.Logger, id, KafkaErrors.Text(error));
        try
        {
            client.Abort();
        }
        catch (KafkaException failed)
        {
            if (KafkaErrors.IsFenced(failed.Error.Code))
            {
                return Fenced(failed.Error);
            }

            // A client that is beyond aborting has sent no end but one that was asked for: a new one with the same id ends its transaction.
            if (isEndAsked || (!failed.Error.IsFatal && failed.Error.Code != ErrorCode.Local_State))
            {
                return Indefinite("abort", failed);
            }

            client.Discard();
        }

        if (KafkaErrors.IsUnanswered(error))
        {
            // What was not answered may still be on its way, and would count for the next transaction of the same epoch.
            client.Discard();
        }

        return Reason(error, cause, work);
    }

    private Exception Reason(Error error, KafkaException cause, Work work)
    {
        string what = $"the transaction of '{id}' was aborted: {KafkaErrors.Text(error)}";
        if (KafkaErrors.IsTooLarge(error.Code))
        {
            return new RecordRefusedException(what, cause);
        }

        if (work.Proof is { } proof && (KafkaErrors.IsEvicted(error.Code)
            || (KafkaErrors.IsOldGeneration(error.Code) && proof.Renewed(work.Consumed.Keys) is null)))
        {
            return NoOwner(proof, what, cause);
        }

        return new MessagingTransientException($"{what}{clients.Trouble}", cause);
    }

    private static MessagingFencedException NoOwner(KafkaMembership proof, string what, Exception? cause = null) =>
        new($"{what}; member '{proof.MemberId}' of generation {proof.Generation} of group '{proof.Group}' is no owner any more", cause);

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

    private sealed record Work(IReadOnlyList<OutgoingRecord> Records, IReadOnlyDictionary<TopicPartition, long> Consumed, KafkaMembership? Proof);
}
