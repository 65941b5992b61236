namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// When which key of a partition wants attention. A later time for a key replaces the earlier one without being searched for: an entry counts only if
/// it still is what its key says. One thread.
/// </summary>
/// <param name="wakeAt">The time a key asks for now; null for none.</param>
internal sealed class DueTimes(Func<byte[], DateTimeOffset?> wakeAt)
{
    private readonly PriorityQueue<byte[], long> queue = new();

    public void Add(byte[] key, DateTimeOffset at) => queue.Enqueue(key, at.UtcTicks);

    /// <summary>The earliest time that still counts; null for none.</summary>
    public DateTimeOffset? Next()
    {
        while (queue.TryPeek(out byte[]? key, out long ticks))
        {
            if (IsCurrent(key, ticks))
            {
                return new DateTimeOffset(ticks, TimeSpan.Zero);
            }

            queue.Dequeue();
        }

        return null;
    }

    /// <summary>Takes the key whose time came first; null if none has come. A key may come again. Who does not process it after all adds it again.</summary>
    public byte[]? Take(DateTimeOffset now) => Next() <= now ? queue.Dequeue() : null;

    private bool IsCurrent(byte[] key, long ticks) => wakeAt(key) is { } at && at.UtcTicks == ticks;
}
