using Corda.Workers.Messaging;

namespace Corda.Workers.Rpc;

/// <summary>Publishes, and remembers for a while when the bus would not take it: then requests should go elsewhere. Thread-safe.</summary>
internal sealed class WatchedPublisher(IPublisher inner, TimeProvider time) : IPublisher
{
    // After this time requests may come again: only by them can it be seen that the bus works.
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);
    private volatile Refusal? last;

    /// <summary>How writing to the bus goes.</summary>
    public PartHealth Health()
    {
        string? problem = last is { } refusal && time.GetUtcNow() - refusal.At < Memory ? refusal.Reason : null;
        return new PartHealth("writing to the bus", problem is null, LastProgress: null, problem);
    }

    /// <inheritdoc/>
    public async Task PublishAsync(params IReadOnlyList<Record> records)
    {
        try
        {
            await inner.PublishAsync(records);
            last = null;
        }
        catch (Exception error) when (error is MessagingTransientException or MessagingIndefiniteException)
        {
            last = new Refusal(time.GetUtcNow(), error.Message);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed record Refusal(DateTimeOffset At, string Reason);
}
