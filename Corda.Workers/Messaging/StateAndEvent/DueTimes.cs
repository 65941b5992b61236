namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// When which key of a partition wants attention. A later time for a key replaces the earlier one without being searched for: an entry of the queue
/// counts only if it still is what its key says. Replaced ones are swept out before they outnumber the others, so that keys that move their time
/// often cost no memory until then. One thread.
/// </summary>
internal sealed class DueTimes
{
    // Below this a sweep is not worth its while.
    private const int ReplacedMin = 1_024;

    private readonly PriorityQueue<byte[], long> queue = new();
    private readonly Dictionary<byte[], long> current = new(KeyComparer.Instance);

    /// <summary>Keys that want attention at some time.</summary>
    public int Count => current.Count;

    /// <summary>Entries that are kept, replaced ones included.</summary>
    public int Kept => queue.Count;

    /// <summary>What the key asks for now; null for nothing any more.</summary>
    public void Set(byte[] key, DateTimeOffset? at)
    {
        if (at is not { } time)
        {
            current.Remove(key);
            return;
        }

        current[key] = time.UtcTicks;
        queue.Enqueue(key, time.UtcTicks);
        if (queue.Count > (2 * current.Count) + ReplacedMin)
        {
            Sweep();
        }
    }

    /// <summary>A key that was taken and not processed after all waits again.</summary>
    public void GiveBack(byte[] key)
    {
        if (current.TryGetValue(key, out long ticks))
        {
            queue.Enqueue(key, ticks);
        }
    }

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

    /// <summary>Takes the key whose time came first; null if none has come. A key may come again. Who does not process it gives it back.</summary>
    public byte[]? Take(DateTimeOffset now) => Next() <= now ? queue.Dequeue() : null;

    public void Clear()
    {
        queue.Clear();
        current.Clear();
    }

    // What was taken meanwhile is not in the queue and does not get back into it.
    private void Sweep()
    {
        var seen = new HashSet<byte[]>(KeyComparer.Instance);
        List<(byte[] Key, long Ticks)> counting =
            [.. queue.UnorderedItems.Where(entry => IsCurrent(entry.Element, entry.Priority) && seen.Add(entry.Element))];
        queue.Clear();
        queue.EnqueueRange(counting);
        queue.TrimExcess();
    }

    private bool IsCurrent(byte[] key, long ticks) => current.TryGetValue(key, out long wanted) && wanted == ticks;
}
