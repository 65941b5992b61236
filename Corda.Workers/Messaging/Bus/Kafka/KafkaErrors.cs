using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>What the client's error codes mean to us.</summary>
internal static class KafkaErrors
{
    // Of the codes' names and of their texts.
    private static readonly string[] FenceWords = ["fence", "producer_epoch", "operation with an old epoch"];

    /// <summary>Somebody else has initialised the transactional id, or the broker has ended the transaction: either way this producer is finished.</summary>
    public static bool IsFenced(ErrorCode code) => code
        is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch or ErrorCode.TransactionCoordinatorFenced;

    /// <summary>Whether a log line of the client, which has no code, tells of what <see cref="IsFenced"/> means.</summary>
    public static bool TellsOfFence(string line) => Array.Exists(FenceWords, word => line.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The group does not know the member any more.</summary>
    public static bool IsEvicted(ErrorCode code) => code
        is ErrorCode.UnknownMemberId or ErrorCode.FencedInstanceId or ErrorCode.FencedMemberEpoch;

    /// <summary>The group has moved on since the membership was taken.</summary>
    public static bool IsOldGeneration(ErrorCode code) => code
        is ErrorCode.IllegalGeneration or ErrorCode.StaleMemberEpoch or ErrorCode.RebalanceInProgress;

    /// <summary>A request may or may not have arrived.</summary>
    public static bool IsUnanswered(Error error) => error.Code
        is ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue or ErrorCode.Local_Transport or ErrorCode.RequestTimedOut;

    /// <summary>There is no such place in the log (any more).</summary>
    public static bool IsOffsetLost(ErrorCode code) => code
        is ErrorCode.OffsetOutOfRange or ErrorCode.Local_NoOffset or ErrorCode.Local_AutoOffsetReset;

    /// <summary>The record is larger than the broker or the client takes.</summary>
    public static bool IsTooLarge(ErrorCode code) => code is ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge;

    /// <summary>Code and words, for messages.</summary>
    public static string Text(Error error) => $"{error.Reason} ({error.Code})";

    /// <summary>A group's place in the log is gone: nobody but an operator knows whether anything was lost.</summary>
    public static MessagingFatalException OffsetLost(string group, TopicPartition partition, long offset, string why) => new(
        $"group '{group}' cannot go on in {partition}: its offset {offset} is not there ({why}). Records that were not yet processed may have been deleted, or "
        + "the topic was made anew. Find out which; then set the group's offset with kafka-consumer-groups --reset-offsets while no worker runs");

    /// <summary>Refuses a record that no broker would take.</summary>
    /// <exception cref="RecordRefusedException">It is too large.</exception>
    public static void RequireSize(OutgoingRecord record)
    {
        long bytes = record.Key.Length + (record.Value?.LongLength ?? 0);
        if (bytes > KafkaSettings.RecordBytesMax)
        {
            throw new RecordRefusedException(
                $"a record for {record.Partition} has {bytes} bytes; the bus takes at most {KafkaSettings.RecordBytesMax}: send it in pieces");
        }
    }
}
