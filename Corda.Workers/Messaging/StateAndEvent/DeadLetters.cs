using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>Makes dead letters and their records. Thread-safe.</summary>
internal sealed class DeadLetters<TState, TEvent>(StateAndEventSettings<TState, TEvent> settings, TimeProvider time, ILogger logger)
    where TState : class
    where TEvent : class
{
    private const int TextCharsMax = 8_000;
    private const int OverheadBytes = 64 * 1024;

    // What a letter needs beside its bytes when its reason is short and its error in another. A state has room for that beside it.
    private const int BriefOverheadBytes = 4 * 1024;
    private const int BriefCharsMax = 500;

    public DeadLetter Of(
        PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, Failure? failure, string reason, Exception? error = null) =>
        Of(key, state, input, EventBytes(input), failure, reason, error);

    /// <summary>A dead letter of the bytes that are there: no codec is called.</summary>
    public DeadLetter OfBytes(PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, Failure failure) =>
        Of(key, state, input, input.Bytes, failure, failure.Reason, null);

    private DeadLetter Of(
        PartitionKey key, KeyState<TState> state, StepInput<TEvent> input, byte[]? eventBytes, Failure? failure, string reason, Exception? error)
    {
        MessagingLog.DeadLettered(logger, input.Id.ToString(), key.ToString(), reason, error);
        MessagingMetrics.DeadLetters.Add(1);
        return new DeadLetter(
            time.GetUtcNow(),
            settings.Events.Name,
            key.Partition,
            input.Id.ToString(),
            key.Key,
            eventBytes,
            state.Value?.Bytes,
            failure?.Kind,
            failure?.Attempts ?? input.Attempts,
            Shortened(reason)!,
            Shortened(error?.ToString()));
    }

    /// <summary>
    /// Dead letters stay in the partition of their events, wherever their key would be routed. Where the bytes are too many for one record there are several dead letters of
    /// the same input: one with the reason in full, and one for each of event and state. Only what fits into no record is left out.
    /// </summary>
    public static IEnumerable<OutgoingRecord> ToRecords(Topic<DeadLetter> topic, DeadLetter letter, int recordBytesMax)
    {
        int eventBytes = letter.Event?.Length ?? 0;
        int stateBytes = letter.State?.Length ?? 0;
        int room = recordBytesMax - (2 * letter.Key.Length);
        IEnumerable<DeadLetter> letters = eventBytes + stateBytes <= room - OverheadBytes ? [letter] : Parts(letter, room - BriefOverheadBytes);
        return letters.Select(one => new OutgoingRecord(new TopicPartition(topic.Name, one.Partition), one.Key, topic.Codec.Encode(one)));
    }

    private static IEnumerable<DeadLetter> Parts(DeadLetter letter, int room)
    {
        DeadLetter bare = letter with { Event = null, State = null };
        DeadLetter brief = bare with { Reason = Shortened(letter.Reason, BriefCharsMax)!, Error = null };
        yield return bare;
        if (letter.Event?.Length <= room)
        {
            yield return brief with { Event = letter.Event };
        }

        if (letter.State?.Length <= room)
        {
            yield return brief with { State = letter.State };
        }
    }

    private static string? Shortened(string? text, int charsMax = TextCharsMax) => text?.Length > charsMax ? text[..charsMax] : text;

    private byte[]? EventBytes(StepInput<TEvent> input)
    {
        if (input.Bytes is not null || input.Event is null)
        {
            return input.Bytes;
        }

        try
        {
            return settings.Events.Encode(input.Event);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // An event that was chained as an object and cannot be written: the letter says so by having none.
            return null;
        }
    }
}
