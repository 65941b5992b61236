using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>The first and the next offset of partitions, of everything that was written, committed or not. Thread-safe.</summary>
internal sealed class KafkaWatermarks(KafkaClients clients, TimeProvider time)
{
    private static readonly TimeSpan MovePause = TimeSpan.FromMilliseconds(20);

    // A broker that is there answers in milliseconds. One that is not may be the leader no more: then the answer is to be had of another.
    private static readonly TimeSpan LeaderTimeout = TimeSpan.FromSeconds(2);

    private readonly Lazy<IConsumer<byte[], byte[]>> client = new(() => clients.Consumer(KafkaSettings.Watermarks(clients.Options)));

    /// <summary>The offset of the oldest record, and the one after the newest.</summary>
    /// <exception cref="MessagingTransientException">No answer for now.</exception>
    public (long Low, long High) Of(TopicPartition partition)
    {
        Confluent.Kafka.TopicPartition asked = partition.ToClient();
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                WatermarkOffsets offsets = client.Value.QueryWatermarkOffsets(asked, LeaderTimeout);
                return (offsets.Low.Value, offsets.High.Value);
            }
            catch (KafkaException moving) when (IsMoving(moving.Error.Code) && time.GetElapsedTime(start) < KafkaSettings.LookTimeout)
            {
                Thread.Sleep(MovePause);
                LookForLeader(partition.Topic);
            }
            catch (KafkaException cause)
            {
                throw new MessagingTransientException($"asking for the ends of {partition} failed: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
            }
        }
    }

    /// <summary>Closes the client in the background.</summary>
    public void Close()
    {
        if (client.IsValueCreated)
        {
            clients.Retire(client.Value.Dispose);
        }
    }

    // The client asks whom it believes to be the leader, and believes it until the metadata is a minute old: while a broker is away, or has come back and knew little yet.
    private void LookForLeader(string topic)
    {
        using IAdminClient look = new DependentAdminClientBuilder(client.Value.Handle).Build();
        try
        {
            look.GetMetadata(topic, LeaderTimeout);
        }
        catch (KafkaException)
        {
            // Nobody can say it: the question itself will fail.
        }
    }

    // The partition is new, or its leader has changed, or is about to, or has only just begun to lead: it is found in a moment.
    private static bool IsMoving(ErrorCode code) => code
        is ErrorCode.NotLeaderForPartition or ErrorCode.LeaderNotAvailable or ErrorCode.UnknownTopicOrPart or ErrorCode.OffsetNotAvailable
        or ErrorCode.Local_UnknownPartition or ErrorCode.Local_TimedOut;
}
