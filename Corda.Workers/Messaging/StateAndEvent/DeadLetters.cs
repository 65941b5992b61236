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
    /// Dead letters stay in the partition of their events, wherever their key would be routed. Where event and state are too large for one record they are two dead
    /// letters of the same input, one with either; what alone is too large is left out, for the reason must reach the operator whatever the size of what failed.
    /// </summary>
    public static IEnumerable<OutgoingRecord> ToRecords(Topic<DeadLetter> topic, DeadLetter letter, int recordBytesMax)
    {
        int room = recordBytesMax - OverheadBytes - letter.Key.Length;
        DeadLetter fitting = letter with { Event = IfWithin(room, letter.Event), State = IfWithin(room, letter.State) };
        bool fits = (fitting.Event?.Length ?? 0) + (fitting.State?.Length ?? 0) <= room;
        DeadLetter[] parts = fits ? [fitting] : [fitting with { State = null }, fitting with { Event = null }];
        return parts.Select(part => new OutgoingRecord(new TopicPartition(topic.Name, part.Partition), part.Key, topic.Codec.Encode(part)));
    }

    private static byte[]? IfWithin(int room, byte[]? bytes) => bytes?.Length > room ? null : bytes;

    private static string? Shortened(string? text) => text is { Length: > TextCharsMax } ? text[..TextCharsMax] : text;

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
