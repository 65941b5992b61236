using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// One transactional id of the client library, with a state of its own: what the client would answer with an error, or worse, is not asked of it.
/// Used by one thread at a time.
/// </summary>
internal sealed class TransactionClient(string id, KafkaClients clients)
{
    private IProducer<byte[], byte[]>? producer;
    private State state;
    private volatile string? suspicion;

    private enum State
    {
        /// <summary>Not initialised: whatever is open under this id is ended when it is.</summary>
        Absent,

        /// <summary>A transaction may begin.</summary>
        Ready,

        /// <summary>A transaction is open.</summary>
        Open,
    }

    public string Id => id;

    /// <summary>
    /// Makes it ready. It is made anew where it is not ready, and where a connection was lost or a request timed out since the last time: the client may have
    /// sent the end of a transaction twice then, and the first, delayed, would end the transaction that begins now. A new epoch fences it.
    /// </summary>
    public void MakeReady()
    {
        if (state == State.Ready && suspicion is null)
        {
            return;
        }

        if (producer is not null)
        {
            KafkaLog.ProducerMadeAnew(clients.Logger, id, suspicion ?? "its last transaction had no clear end");
        }

        Discard();
        suspicion = null;
        IProducer<byte[], byte[]> made = clients.Producer(KafkaSettings.Transactional(clients.Options, id), Suspect);
        try
        {
            made.InitTransactions(InitTimeout);
        }
        catch (KafkaException)
        {
            clients.Retire(made.Dispose);
            throw;
        }

        producer = made;
        state = State.Ready;
    }

    public void Begin()
    {
        Require(State.Ready);
        state = State.Open;
        producer!.BeginTransaction();
    }

    public void Produce(OutgoingRecord record)
    {
        Require(State.Open);
        var message = new Message<byte[], byte[]> { Key = record.Key, Value = record.Value! };
        Confluent.Kafka.TopicPartition partition = record.Partition.ToClient();
        while (true)
        {
            try
            {
                producer!.Produce(partition, message);
                return;
            }
            catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                // Bounded by the records' own time-out: then they leave the queue, and the transaction fails.
                producer!.Flush(FullPause);
            }
        }
    }

    public void SendOffsets(IEnumerable<TopicPartitionOffset> offsets, IConsumerGroupMetadata token)
    {
        Require(State.Open);
        producer!.SendOffsetsToTransaction(offsets, token, EndTimeout);
    }

    /// <summary>Commits.</summary>
    /// <exception cref="KafkaRetriableException">There was no answer in time.</exception>
    public void Commit()
    {
        Require(State.Open);
        producer!.CommitTransaction(EndTimeout);
        state = State.Ready;
        clients.Reached();
    }

    /// <summary>Aborts, as <see cref="Commit"/>.</summary>
    public void Abort()
    {
        Require(State.Open);
        producer!.AbortTransaction(EndTimeout);
        state = State.Ready;
    }

    /// <summary>Lets go of the client, whatever it is doing. The transaction that may be open ends when the id is initialised again.</summary>
    public void Discard()
    {
        state = State.Absent;
        if (producer is { } old)
        {
            producer = null;
            clients.Retire(old.Dispose);
        }
    }

    // The broker aborts what a former holder has open before it answers.
    private TimeSpan InitTimeout => clients.Options.TransactionTimeout + KafkaSettings.CallTimeout;

    // The client repeats a call by itself for as long as it is given; without a bound, for ever. After this time the broker has decided by itself.
    private TimeSpan EndTimeout => clients.Options.TransactionTimeout;

    private static TimeSpan FullPause => TimeSpan.FromMilliseconds(50);

    private void Suspect(Error error)
    {
        if (error.Code is ErrorCode.Local_Transport or ErrorCode.Local_TimedOut or ErrorCode.Local_AllBrokersDown or ErrorCode.RequestTimedOut || error.IsFatal)
        {
            suspicion = KafkaErrors.Text(error);
        }
    }

    private void Require(State needed)
    {
        if (state != needed)
        {
            throw new InvalidOperationException($"Producer '{id}' is {state}, but must be {needed}; this is a bug.");
        }
    }
}
