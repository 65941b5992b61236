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
    private Doubt doubt = new();

    private enum State
    {
        /// <summary>Not initialised, or about to be: whatever is open under this id is ended when it is.</summary>
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
    /// <param name="patience">The longest that it waits. What has not come about by then goes on by itself, and the next call waits for it again.</param>
    /// <exception cref="KafkaException">It is not ready (yet).</exception>
    public void MakeReady(TimeSpan patience)
    {
        if (state == State.Ready && doubt.Reason is null)
        {
            return;
        }

        if (state is State.Ready or State.Open)
        {
            KafkaLog.ProducerMadeAnew(clients.Logger, id, doubt.Reason ?? "its last transaction had no clear end");
            Discard();
        }

        if (producer is null)
        {
            // One for each client: those that are let go of lose their connections too.
            var own = new Doubt();
            doubt = own;
            producer = clients.Producer(KafkaSettings.Transactional(clients.Options, id), reason => own.Reason = reason);
        }

        try
        {
            producer.InitTransactions(patience);
        }
        catch (KafkaRetriableException)
        {
            throw;
        }
        catch (KafkaException)
        {
            Discard();
            throw;
        }

        // Connections that were lost meanwhile do not matter: there was nothing under way that could come too late.
        doubt.Reason = null;
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

    // The client repeats a call by itself for as long as it is given; without a bound, for ever. The lane does not poll meanwhile, and whoever waits for it to give up
    // a partition waits too: when its end is not clear by then, a new client with the same id makes it clear.
    private TimeSpan EndTimeout => clients.Options.TransactionTimeout / 2;

    private static TimeSpan FullPause => TimeSpan.FromMilliseconds(50);

    /// <summary>Why the client may have said something twice; null for no reason to think so. Set by the client's threads.</summary>
    private sealed class Doubt
    {
        private volatile string? reason;

        public string? Reason
        {
            get => reason;
            set => reason = value;
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
