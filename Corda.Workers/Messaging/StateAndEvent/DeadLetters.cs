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
        var letter = new DeadLetter(
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
        return Fitting(letter);
    }

    /// <summary>Dead letters stay in the partition of their events, wherever their key would be routed.</summary>
    public static OutgoingRecord ToRecord(Topic<DeadLetter> topic, DeadLetter letter) =>
        new(new TopicPartition(topic.Name, letter.Partition), letter.Key, topic.Codec.Encode(letter));

    // The reason must reach the operator whatever the size of what failed: first the state is left out, then the event.
    private DeadLetter Fitting(DeadLetter letter)
    {
        int room = settings.RecordBytesMax - OverheadBytes - letter.Key.Length;
        int eventBytes = letter.Event?.Length ?? 0;
        int stateBytes = letter.State?.Length ?? 0;
        return letter with
        {
            State = eventBytes + stateBytes > room ? null : letter.State,
            Event = eventBytes > room ? null : letter.Event,
        };
    }

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
