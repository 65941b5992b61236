using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>Makes dead letters of steps. Thread-safe.</summary>
internal sealed class DeadLetters<TState, TEvent>(StateAndEventSettings<TState, TEvent> settings, TimeProvider time, ILogger logger)
    where TState : class
    where TEvent : class
{
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
            reason,
            error?.ToString());
    }

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
