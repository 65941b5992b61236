using System.Threading.Channels;
using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Writes the batches of a client id, whoever of this process has opened it. A batch of one record is atomic by itself: an idempotent producer does it.
/// Several records are a transaction; those that wait while one commits share the next. Thread-safe.
/// </summary>
/// <remarks>The order of batches is that of their calls only where each is awaited before the next.</remarks>
internal sealed class KafkaBatchWriter : IAsyncDisposable
{
    /// <summary>Batches that wait: beyond, they are refused for now.</summary>
    private const int WaitingMax = 10_000;

    private const int RecordsMax = 5_000;

    private readonly KafkaClients clients;
    private readonly string clientId;
    private readonly Channel<Batch> waiting = Channel.CreateBounded<Batch>(new BoundedChannelOptions(WaitingMax) { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly Lock gate = new();
    private IProducer<byte[], byte[]>? single;
    private Task? worker;
    private bool closed;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="clients">Makes the clients, when the first batch comes.</param>
    /// <param name="clientId">Also the transactional id: whoever finds this process dead ends its open transactions by it.</param>
    public KafkaBatchWriter(KafkaClients clients, string clientId)
    {
        this.clients = clients;
        this.clientId = clientId;
    }

    /// <inheritdoc cref="IBatchProducer.WriteAsync"/>
    /// <remarks>Never needs a thread of the pool to complete: callers that block on it may have taken them all.</remarks>
    public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
    {
        if (records.Count == 0)
        {
            return Task.CompletedTask;
        }

        var batch = new Batch(records);
        try
        {
            foreach (OutgoingRecord record in records)
            {
                KafkaErrors.RequireSize(record);
            }

            if (records.Count == 1)
            {
                WriteOne(batch);
            }
            else
            {
                Queue(batch);
            }
        }
        catch (Exception refused) when (refused is RecordRefusedException or MessagingTransientException or MessagingFatalException)
        {
            return Task.FromException(refused);
        }

        return batch.Done.Task;
    }

    /// <summary>Writes what waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? ending;
        IProducer<byte[], byte[]>? producer;
        lock (gate)
        {
            closed = true;
            (ending, producer) = (worker, single);
        }

        waiting.Writer.TryComplete();
        if (ending is not null)
        {
            await ending;
        }

        if (producer is not null)
        {
            clients.Retire(() => SeeOff(producer));
        }
    }

    // Whoever waits for a record must hear of it: a client that is disposed of reports nothing any more.
    private void SeeOff(IProducer<byte[], byte[]> producer)
    {
        producer.Flush(clients.Options.TransactionTimeout);
        producer.Dispose();
    }

    private void WriteOne(Batch batch)
    {
        OutgoingRecord record = batch.Records[0];
        IProducer<byte[], byte[]> producer = Single();
        try
        {
            producer.Produce(
                record.Partition.ToClient(),
                new Message<byte[], byte[]> { Key = record.Key, Value = record.Value! },
                report => Reported(batch, producer, report));
        }
        catch (ProduceException<byte[], byte[]> cause)
        {
            throw Failed(record, producer, cause.Error, PersistenceStatus.NotPersisted);
        }
    }

    private void Reported(Batch batch, IProducer<byte[], byte[]> producer, DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
        {
            batch.Done.TrySetException(Failed(batch.Records[0], producer, report.Error, report.Status));
        }
        else
        {
            clients.Reached();
            batch.Done.TrySetResult();
        }
    }

    private Exception Failed(OutgoingRecord record, IProducer<byte[], byte[]> producer, Error error, PersistenceStatus status)
    {
        if (error.IsFatal || error.Code == ErrorCode.Local_Fatal)
        {
            Forget(producer);
        }

        string what = $"writing to {record.Partition} failed: {KafkaErrors.Text(error)}{clients.Trouble}";
        return KafkaErrors.IsTooLarge(error.Code) ? new RecordRefusedException(what)
            : status == PersistenceStatus.PossiblyPersisted ? new MessagingIndefiniteException(what)
            : new MessagingTransientException(what);
    }

    private void Queue(Batch batch)
    {
        Start();
        if (!waiting.Writer.TryWrite(batch))
        {
            throw new MessagingTransientException($"{WaitingMax} batches wait to be written already; the brokers are too slow or away{clients.Trouble}");
        }
    }

    private IProducer<byte[], byte[]> Single()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return single ??= clients.Producer(KafkaSettings.Idempotent(clients.Options, clientId), static _ => { });
        }
    }

    private void Forget(IProducer<byte[], byte[]> producer)
    {
        lock (gate)
        {
            if (single == producer)
            {
                single = null;
                clients.Retire(() => SeeOff(producer));
            }
        }
    }

    private void Start()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            worker ??= OwnThread.Run(Run);
        }
    }

    private void Run()
    {
        KafkaTransactionalProducer? producer = null;
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            List<Batch> group = TakeGroup();
            try
            {
                producer ??= new KafkaTransactionalProducer(clientId, clients);
                producer.Commit([.. group.SelectMany(static batch => batch.Records)], NoOffsets, null);
                group.ForEach(static batch => batch.Done.SetResult());
            }
            catch (Exception cause)
            {
                // Nobody but the writers can say what their batches are worth; the next group begins with a producer that owes nothing to this one.
                producer?.Dispose();
                producer = null;
                group.ForEach(batch => batch.Done.SetException(cause));
            }
        }

        producer?.Dispose();
    }

    private List<Batch> TakeGroup()
    {
        List<Batch> group = [];
        int records = 0;
        while (records < RecordsMax && waiting.Reader.TryRead(out Batch? batch))
        {
            group.Add(batch);
            records += batch.Records.Count;
        }

        return group;
    }

    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    private sealed record Batch(IReadOnlyList<OutgoingRecord> Records)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <inheritdoc cref="IBatchProducer"/>
internal sealed class KafkaBatchProducer(KafkaBatchWriter writer) : IBatchProducer
{
    private volatile bool disposed;

    public Task WriteAsync(IReadOnlyList<OutgoingRecord> records)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return writer.WriteAsync(records);
    }

    public void Dispose() => disposed = true;
}
