using System.Globalization;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Every setting of every client, with its reason. Nothing that matters is left to a default, and nothing here can be overridden by the pass-through
/// section.
/// </summary>
internal static class KafkaSettings
{
    /// <summary>Key and value together. A record beyond is refused before it is sent. Below what a broker takes by default (1 MiB a batch), with room for headers.</summary>
    public const int RecordBytesMax = 990_000;

    /// <summary>The longest that a call waits for the brokers before it counts as failed.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The longest that a look at the topics waits: every loop begins with one, and a worker without a broker must still stop soon.</summary>
    public static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(3);

    /// <summary>What an operator may not pass through: correctness owns it.</summary>
    public static bool IsOwned(string name, KafkaOptions options)
    {
        IEnumerable<KeyValuePair<string, string>> all =
        [
            .. GroupConsumer(options, "g", "c"), .. Reader(options, "c", ReaderPace.Prompt), .. Watermarks(options),
            .. Transactional(options, "t"), .. Idempotent(options, "c"), .. Admin(options),
        ];
        return Banned.Contains(name) || all.Any(owned => owned.Key == name);
    }

    /// <summary>A member of a worker group.</summary>
    public static Dictionary<string, string> GroupConsumer(KafkaOptions options, string group, string clientId) => With(options, new()
    {
        ["client.id"] = clientId,
        ["group.id"] = group,

        // A worker must never see what was aborted, nor take over offsets while their transaction is open.
        ["isolation.level"] = "read_committed",

        // A lost offset must be loud. Where a group begins is decided, and committed, by its first member; see GroupBeginning.
        ["auto.offset.reset"] = "error",

        // Offsets are committed in the transaction of the work, and nowhere else.
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",

        // Tells where the control records behind the last event end; see IdleOffsets.
        ["enable.partition.eof"] = "true",

        // Also the moment when a stuck lane gives up its partitions.
        ["max.poll.interval.ms"] = Ms(options.PollTimeout > options.SessionTimeout ? options.PollTimeout : options.SessionTimeout),
        ["group.protocol"] = options.GroupProtocol == KafkaGroupProtocol.Consumer ? "consumer" : "classic",
    }, Membership(options), Fetching(), Common(options));

    /// <summary>A reader of partitions outside of groups.</summary>
    public static Dictionary<string, string> Reader(KafkaOptions options, string clientId, ReaderPace pace) => With(options, new()
    {
        ["client.id"] = clientId,

        // The client demands one; it is never joined and nothing is committed to it.
        ["group.id"] = "corda-readers",
        ["group.protocol"] = "classic",
        ["isolation.level"] = "read_committed",

        // Readers hold no place that could be lost: what was deleted meanwhile is passed over.
        ["auto.offset.reset"] = "earliest",
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",

        // Tells the position behind aborted and control records, which no record does: a restore waits for it.
        ["enable.partition.eof"] = "true",

        // Followers are told of many small transactions at once, at the latest after fetch.wait.max.ms: else each transaction answers a fetch of every follower, which
        // was a fifth of a broker's work with two followers.
        ["fetch.min.bytes"] = pace == ReaderPace.Thrifty ? "65536" : "1",
    }, Fetching(), Common(options));

    /// <summary>Asks for the ends of partitions.</summary>
    public static Dictionary<string, string> Watermarks(KafkaOptions options) => With(options, new()
    {
        ["client.id"] = "corda-ends",
        ["group.id"] = "corda-readers",
        ["group.protocol"] = "classic",
        ["enable.auto.commit"] = "false",

        // The end with what is not committed yet. The last stable offset would not do: the offsets of the last owner's last transaction may be stable
        // before its markers have reached the state partition, and a restore that stopped there would miss its states.
        ["isolation.level"] = "read_uncommitted",
    }, Common(options));

    /// <summary>A transactional producer.</summary>
    public static Dictionary<string, string> Transactional(KafkaOptions options, string transactionalId) => With(options, new()
    {
        ["client.id"] = transactionalId,
        ["transactional.id"] = transactionalId,
        ["transaction.timeout.ms"] = Ms(options.TransactionTimeout),

        // Shorter than the transaction, as the client demands: a record that cannot be sent fails while the transaction can still be aborted.
        ["message.timeout.ms"] = Ms(options.TransactionTimeout * 0.8),

        // Nobody reads the reports, as a commit tells of every record that failed. But without them nothing wakes the commit when the last record has
        // arrived: it looks for itself every 10 ms (rd_kafka_flush), which was two thirds of a small transaction.
        ["dotnet.producer.enable.delivery.reports"] = "true",
        ["dotnet.producer.delivery.report.fields"] = "none",

        // Told of every connection that is lost, with a request or without: see TransactionClient.
        ["log.connection.close"] = "true",
    }, Producing(), Common(options));

    /// <summary>A producer of single records.</summary>
    public static Dictionary<string, string> Idempotent(KafkaOptions options, string clientId) => With(options, new()
    {
        ["client.id"] = clientId,

        // As long as a transaction may take: who waits for one record waits no longer than for several.
        ["message.timeout.ms"] = Ms(options.TransactionTimeout),
        ["dotnet.producer.enable.delivery.reports"] = "true",
        ["dotnet.producer.delivery.report.fields"] = "status",
    }, Producing(), Common(options));

    /// <summary>Creates and looks at topics.</summary>
    public static Dictionary<string, string> Admin(KafkaOptions options) => With(options, new() { ["client.id"] = "corda-admin" }, Common(options));

    private static readonly HashSet<string> Banned =
    [
        // The place of options that have names of their own.
        "metadata.broker.list",

        // A static member's orderly leave costs the session timeout: it sends no leave.
        "group.instance.id",

        // Other names of settings that are decided here.
        "compression.codec", "max.partition.fetch.bytes", "offset.store.method", "group.protocol.type",

        // A producer learns by its log of the connections and requests that it has lost; see TransactionClient.
        "log.queue", "log.level",

        // Code of others between the client and us.
        "plugin.library.paths",

        // The other group protocol's.
        "partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms",

        // Batches are reordered and repeated without it.
        "queuing.strategy", "enable.gapless.guarantee", "request.required.acks", "message.send.max.retries", "max.in.flight",
        "queue.buffering.max.ms", "delivery.timeout.ms", "partitioner", "group.remote.assignor",
    ];

    private static Dictionary<string, string> Membership(KafkaOptions options) => options.GroupProtocol == KafkaGroupProtocol.Consumer
        ? new() // The brokers own the rest; the client refuses to be told.
        : new()
        {
            // Only partitions that move are taken away; the others go on meanwhile.
            ["partition.assignment.strategy"] = "cooperative-sticky",
            ["session.timeout.ms"] = Ms(options.SessionTimeout),
            ["heartbeat.interval.ms"] = Ms(options.HeartbeatInterval),
        };

    private static Dictionary<string, string> Fetching() => new()
    {
        // Whatever is there comes at once.
        ["fetch.min.bytes"] = "1",

        // A partition that is assigned, resumed or rewound waits until the running fetch has returned: the default of 500 ms would be felt in every takeover.
        ["fetch.wait.max.ms"] = "50",
        ["fetch.error.backoff.ms"] = "50",

        // When the local queue was full: the default of 1 s leaves a fast lane without work.
        ["fetch.queue.backoff.ms"] = "5",

        // Bounds the memory of what is fetched ahead, for each client.
        ["queued.min.messages"] = "20000",
        ["queued.max.messages.kbytes"] = "16384",
        ["fetch.message.max.bytes"] = "1048576",
        ["fetch.max.bytes"] = "8388608",

        // A batch that the network or a broker's disk has damaged is an error and not an event; costs a pass over the bytes.
        ["check.crcs"] = "true",

        // Offsets of an open transaction are asked for again until they are stable.
        ["retry.backoff.ms"] = "20",
        ["retry.backoff.max.ms"] = "100",
        ["dotnet.consumer.consume.result.fields"] = "timestamp,topic",
    };

    private static Dictionary<string, string> Producing() => new()
    {
        // No record twice, none out of order, none lost while a replica in step is left.
        ["enable.idempotence"] = "true",
        ["acks"] = "all",
        ["max.in.flight.requests.per.connection"] = "5",
        ["retries"] = "2147483647",

        // A transaction comes as a whole, and the commit flushes it: waiting for more would only add to its latency.
        ["linger.ms"] = "0",

        // A transaction's records for one partition go in one request, as far as a broker takes them (1 MiB by default): each request more is a round trip more.
        ["batch.num.messages"] = "10000",
        ["batch.size"] = "1000000",
        ["message.max.bytes"] = "1000000",

        // States repeat names of types and fields; network and disk cost more than this, the cheapest of the codecs.
        ["compression.type"] = "lz4",

        // A lane bounds its transactions itself, by count and bytes.
        ["queue.buffering.max.messages"] = "0",
        ["queue.buffering.max.kbytes"] = "262144",

        // The next transaction may meet the last one's markers still being written; the default back-off makes every transaction take 100 ms.
        ["retry.backoff.ms"] = "1",
        ["retry.backoff.max.ms"] = "1",

        // How long a disposed producer's own thread may take to see it.
        ["dotnet.cancellation.delay.max.ms"] = "20",
    };

    private static Dictionary<string, string> Common(KafkaOptions options) => new()
    {
        ["bootstrap.servers"] = options.BootstrapServers,

        // Topics are made from the table in code, with the right number of partitions, or not at all.
        ["allow.auto.create.topics"] = "false",

        // A broker that restarts is found again at once.
        ["reconnect.backoff.ms"] = "50",
        ["reconnect.backoff.max.ms"] = "500",
        ["socket.connection.setup.timeout.ms"] = "5000",

        // Above the broker's own longest answer; a request that takes longer is taken for lost. Not longer than a transaction, as the client demands.
        ["socket.timeout.ms"] = Ms(options.TransactionTimeout < CallTimeout ? options.TransactionTimeout : CallTimeout),

        // Small requests go out at once.
        ["socket.nagle.disable"] = "true",

        // A broker's host that is gone without a word is noticed also on a connection that waits for nothing.
        ["socket.keepalive.enable"] = "true",

        // A leader that has moved is looked up at once, and a topic that was just made too.
        ["topic.metadata.refresh.fast.interval.ms"] = "50",
        ["topic.metadata.propagation.max.ms"] = "5000",

        // New brokers of a cluster are known within a minute, before the last of the old ones is gone; the default is a quarter of an hour.
        ["metadata.max.age.ms"] = "60000",

        // Closing of idle connections is no news.
        ["log.connection.close"] = "false",

        // Nobody reads them; our own metrics say more.
        ["statistics.interval.ms"] = "0",
        ["enable.metrics.push"] = "false",
    };

    private static Dictionary<string, string> With(KafkaOptions options, Dictionary<string, string> settings, params Dictionary<string, string>[] groups)
    {
        foreach ((string name, string value) in groups.SelectMany(static group => group))
        {
            // What a kind of client says for itself goes before what all have in common.
            settings.TryAdd(name, value);
        }

        foreach ((string name, string value) in options.Client)
        {
            settings.TryAdd(KafkaOptionsCheck.NameOf(name), value);
        }

        return settings;
    }

    private static string Ms(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
