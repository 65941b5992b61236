using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Builds the clients of a bus from <see cref="KafkaSettings"/> and sees them off. Thread-safe. Closing a client may wait for brokers that are away, so it
/// is done on other threads, and nobody waits for it without a bound.
/// </summary>
internal sealed class KafkaClients(KafkaOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ComplainEvery = TimeSpan.FromSeconds(30);

    // What the client calls these in its log (rd_kafka_broker_fail, rd_kafka_broker_timeout_scan).
    private const string LostConnection = "FAIL";
    private const string LostRequest = "REQTMOUT";

    private readonly Lock gate = new();
    private readonly HashSet<Task> closing = [];
    private readonly Dictionary<ErrorCode, long> complained = [];
    private volatile string? trouble;
    private long downSince;

    public KafkaOptions Options => options;

    public ILogger Logger => logger;

    /// <summary>What any client complained of last, for messages of calls that only say that time is up.</summary>
    public string Trouble => trouble is { } known ? $"; the client's last complaint: {known}" : "";

    /// <summary>A consumer.</summary>
    /// <param name="settings">From <see cref="KafkaSettings"/>.</param>
    /// <param name="handlers">Adds the rebalance handlers of a group's member.</param>
    public IConsumer<byte[], byte[]> Consumer(Dictionary<string, string> settings, Action<ConsumerBuilder<byte[], byte[]>>? handlers = null)
    {
        ConsumerBuilder<byte[], byte[]> builder = new ConsumerBuilder<byte[], byte[]>(settings)
            .SetLogHandler((_, message) => Say(message))
            .SetErrorHandler((_, error) => Complain(settings, error));
        handlers?.Invoke(builder);
        return Build(builder.Build);
    }

    /// <summary>A producer.</summary>
    /// <param name="settings">From <see cref="KafkaSettings"/>.</param>
    /// <param name="onLost">
    /// Told, in words, of every connection that was lost and every request that was given up, on the client's own thread and before it repeats what was under way. Its
    /// error handler would not do: it hears of few of them, and later.
    /// </param>
    public IProducer<byte[], byte[]> Producer(Dictionary<string, string> settings, Action<string> onLost) =>
        Build(new ProducerBuilder<byte[], byte[]>(settings)
            .SetLogHandler((_, message) =>
            {
                if (message.Facility is LostConnection or LostRequest) onLost(message.Message);
                Say(message);
            })
            .SetErrorHandler((_, error) =>
            {
                Complain(settings, error);
                if (error.IsFatal) onLost(KafkaErrors.Text(error));
            })
            .Build);

    /// <summary>An administrator.</summary>
    public IAdminClient Admin()
    {
        Dictionary<string, string> settings = KafkaSettings.Admin(options);
        return Build(new AdminClientBuilder(settings)
            .SetLogHandler((_, message) => Say(message))
            .SetErrorHandler((_, error) => Complain(settings, error))
            .Build);
    }

    /// <summary>A broker has done what a client asked for: if all were out of reach, that is over.</summary>
    public void Reached()
    {
        if (Volatile.Read(ref downSince) != 0 && Interlocked.Exchange(ref downSince, 0) is var since and not 0)
        {
            KafkaLog.BrokersReached(logger, time.GetElapsedTime(since));
        }
    }

    /// <summary>Closes something in the background; the end of the bus waits for it, with a bound.</summary>
    public void Retire(Action close) => _ = CloseAsync(close);

    /// <summary>As <see cref="Retire"/>, for who has a reason to wait for it.</summary>
    public Task CloseAsync(Action close)
    {
        Task task = OwnThread.Run(() => CloseGuarded(close));
        lock (gate)
        {
            closing.RemoveWhere(static done => done.IsCompleted);
            closing.Add(task);
        }

        return task;
    }

    /// <summary>Waits for clients that are being closed.</summary>
    public async ValueTask DisposeAsync()
    {
        Task all;
        lock (gate)
        {
            all = Task.WhenAll(closing);
        }

        if (await Task.WhenAny(all, Task.Delay(CloseTimeout)) != all)
        {
            KafkaLog.ClientDoesNotClose(logger, CloseTimeout);
        }
    }

    private static T Build<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception cause) when (cause is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new MessagingFatalException(
                $"the settings of Kafka are refused by its client: {cause.Message}; correct section Corda:Bus:Kafka, pass-through settings are in Client", cause);
        }
    }

    private void CloseGuarded(Action close)
    {
        try
        {
            close();
        }
        catch (Exception cause) when (cause is KafkaException or InvalidOperationException or ObjectDisposedException)
        {
            KafkaLog.ClientCloseFailed(logger, cause);
        }
    }

    private void Say(LogMessage message)
    {
        // Connections that fail are told of by the error handler, once and with their code. A fence ends the client as it is meant to: whoever uses it hears of it by its
        // call, and makes it anew.
        LogLevel level = message.Level switch
        {
            _ when KafkaErrors.TellsOfFence(message.Message) => LogLevel.Debug,
            <= SyslogLevel.Critical => LogLevel.Error,

            // A lane that stood still for too long, or was not heard of: rare, and its flows stand.
            <= SyslogLevel.Warning when message.Facility is "MAXPOLL" or "SESSTMOUT" => LogLevel.Warning,
            _ => LogLevel.Debug,
        };
        KafkaLog.ClientSays(logger, level, message.Name, message.Facility, message.Message);
    }

    private void Complain(Dictionary<string, string> settings, Error error)
    {
        trouble = KafkaErrors.Text(error);
        if (error.Code == ErrorCode.Local_AllBrokersDown) Interlocked.CompareExchange(ref downSince, time.GetTimestamp(), 0);
        if (IsNews(error))
        {
            KafkaLog.ClientTrouble(logger, settings["client.id"], error.Reason, error.Code);
        }
    }

    // A client without a broker complains of every attempt, many times a second, and a worker has a dozen clients that all say the same.
    private bool IsNews(Error error)
    {
        long now = time.GetTimestamp();
        lock (gate)
        {
            bool news = error.IsFatal || !complained.TryGetValue(error.Code, out long last) || time.GetElapsedTime(last, now) > ComplainEvery;
            if (news)
            {
                complained[error.Code] = now;
            }

            return news;
        }
    }
}
