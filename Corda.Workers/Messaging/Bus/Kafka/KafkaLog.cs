using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>The log messages of the Kafka bus; event ids 2100 to 2199.</summary>
internal static partial class KafkaLog
{
    [LoggerMessage(EventId = 2100, Message = "Kafka client {Client}: {Facility}: {Message}")]
    public static partial void ClientSays(ILogger logger, LogLevel level, string client, string facility, string message);

    [LoggerMessage(2101, LogLevel.Warning, "Kafka client {Client}: {Reason} ({Code})")]
    public static partial void ClientTrouble(ILogger logger, string client, string reason, ErrorCode code);

    [LoggerMessage(2104, LogLevel.Information, "Kafka: the brokers serve again; there was no connection to any for {Elapsed}")]
    public static partial void BrokersReached(ILogger logger, TimeSpan elapsed);

    [LoggerMessage(2102, LogLevel.Information, "Made topic {Topic}: {Partitions} partitions, clean-up {Cleanup}")]
    public static partial void TopicMade(ILogger logger, string topic, int partitions, Cleanup cleanup);

    [LoggerMessage(2103, LogLevel.Warning, "Topic {Topic} is less durable than it should be, and is worked with as it is: {Weaknesses}")]
    public static partial void TopicIsWeak(ILogger logger, string topic, string weaknesses);

    [LoggerMessage(2110, LogLevel.Information, "Group {Group} begins {Partition} at offset {Offset}: it has never committed one")]
    public static partial void GroupBegins(ILogger logger, string group, string partition, long offset);

    [LoggerMessage(2111, LogLevel.Warning, "Group {Group} waits for the committed offsets of {Partitions}, for {Waited} now: {Reason}")]
    public static partial void OffsetsWaitedFor(ILogger logger, string group, string partitions, TimeSpan waited, string reason);

    [LoggerMessage(2112, LogLevel.Warning, "Member {Member} of group {Group} lost its partitions: {Reason}; it joins anew")]
    public static partial void MemberOut(ILogger logger, string member, string group, string reason);

    [LoggerMessage(2120, LogLevel.Information, "Producer {Id} is made anew: {Reason}")]
    public static partial void ProducerMadeAnew(ILogger logger, string id, string reason);

    [LoggerMessage(2121, LogLevel.Debug, "Producer {Id} aborts: {Reason}")]
    public static partial void ProducerAborts(ILogger logger, string id, string reason);

    [LoggerMessage(2130, LogLevel.Warning, "A Kafka client did not close within {Bound}; it is left to itself")]
    public static partial void ClientDoesNotClose(ILogger logger, TimeSpan bound);

    [LoggerMessage(2131, LogLevel.Warning, "A Kafka client did not close cleanly")]
    public static partial void ClientCloseFailed(ILogger logger, Exception cause);
}
