namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>What an operator decides about Kafka. Section <c>Corda:Bus:Kafka</c>; everything else is decided in <see cref="KafkaSettings"/>.</summary>
internal sealed record KafkaOptions
{
    /// <summary>Where to begin to look for the brokers: <c>host:port</c>, with commas between. Needed.</summary>
    public string BootstrapServers { get; init; } = "";

    /// <summary>
    /// How members of a group are told their partitions: <c>Classic</c> is the cooperative-sticky assignor of the clients, <c>Consumer</c> the brokers'
    /// own (Kafka 4). Default the classic one, whose heartbeats are ours to set: with those that brokers decide by default, every 5 s, a takeover takes seconds.
    /// </summary>
    public KafkaGroupProtocol GroupProtocol { get; init; } = KafkaGroupProtocol.Classic;

    /// <summary>
    /// A worker that the brokers have not heard of for so long loses its partitions. Default 10 s: well above any pause of a healthy process. With the
    /// consumer protocol the brokers decide it themselves (<c>group.consumer.session.timeout.ms</c>).
    /// </summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a worker tells the brokers that it is there, and so how soon it learns of a change of its group: the floor of every takeover. Default 0.1 s: half as often as
    /// an idle client fetches. With 0.25 s a takeover takes a fifth of a second longer (bench/README).
    /// </summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// A member that does not come round to poll for so long gives its partitions up, though its process is alive: stuck work must not hold a
    /// partition for ever. A group waits so long for a member that does not come round. Default 30 s: well above any batch, whose time is bounded.
    /// </summary>
    public TimeSpan PollTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The brokers abort a transaction that is open for so long; till then a dead worker's may hold back its partitions, where nobody fences it.
    /// Default 10 s: a thousand times what a commit takes.
    /// </summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Partitions of every topic. Decided once for a cluster: keys are routed by it. Default 12: divides among 1, 2, 3, 4 and 6 workers.</summary>
    public int Partitions { get; init; } = 12;

    /// <summary>Copies of each new topic. Default what the brokers were told (<c>default.replication.factor</c>). In production 3.</summary>
    public short? ReplicationFactor { get; init; }

    /// <summary>Copies that must be in step for a write to be taken. Default what the brokers were told (<c>min.insync.replicas</c>). In production 2.</summary>
    public short? MinInSyncReplicas { get; init; }

    /// <summary>
    /// How long records of topics that are not compacted stay. Default 3 days. Less than the brokers' <c>offsets.retention.minutes</c> (7 days), or a
    /// cluster that was off for so long would begin its events anew.
    /// </summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(3);

    /// <summary>
    /// Lets a group that has no committed offset for a partition begin with the oldest record that is left, though older ones are gone. Off by default:
    /// it is right for one start of a group that is new on an old topic, and may repeat or miss events where offsets were lost.
    /// </summary>
    public bool AllowMissingOffsets { get; init; }

    /// <summary>
    /// Settings handed to the client as they are, by the names of librdkafka (dots may be written as underscores): TLS, SASL, addresses, debugging.
    /// Those that correctness depends on are refused.
    /// </summary>
    public IReadOnlyDictionary<string, string> Client { get; init; } = new Dictionary<string, string>();
}

/// <summary>How members of a group are told their partitions.</summary>
internal enum KafkaGroupProtocol
{
    /// <summary>The protocol of all Kafka versions, with the cooperative-sticky assignor.</summary>
    Classic,

    /// <summary>The protocol of Kafka 4 (KIP-848): the brokers assign.</summary>
    Consumer,
}
