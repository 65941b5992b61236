namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Events for own keys that went to the log because the chain was at its bound. As long as one of a key is unread, later events for that key go to
/// the log as well: they must not overtake it. Known for the time of an ownership; a new owner may let a chained event overtake an older spilled
/// one, which receivers must bear anyway when senders change. Written by the lane between batches, read by the step workers during them.
/// </summary>
internal sealed class SpilledEvents
{
    private readonly Dictionary<byte[], Queue<byte[]>> unread = new(KeyComparer.Instance);
    private readonly List<(byte[] Key, byte[] Value)> reading = [];

    public bool Any(byte[] key) => unread.Count > 0 && unread.ContainsKey(key);

    /// <summary>An event of a key was committed to the log.</summary>
    public void Written(byte[] key, byte[] value)
    {
        if (!unread.TryGetValue(key, out Queue<byte[]>? values))
        {
            unread[key] = values = new Queue<byte[]>();
        }

        values.Enqueue(value);
    }

    /// <summary>
    /// An event of a key comes back from the log and is part of the batch: it precedes whatever is chained in there. Recognised by its bytes: two
    /// with the same bytes are as good as each other.
    /// </summary>
    public void Reading(byte[] key, byte[]? value)
    {
        if (unread.Count == 0 || !unread.TryGetValue(key, out Queue<byte[]>? values) || !values.Peek().AsSpan().SequenceEqual(value))
        {
            return;
        }

        reading.Add((key, values.Dequeue()));
        if (values.Count == 0)
        {
            unread.Remove(key);
        }
    }

    /// <summary>The batch is committed.</summary>
    public void Read() => reading.Clear();

    /// <summary>The batch came to nothing: its events will be read again.</summary>
    public void Unread()
    {
        foreach (IGrouping<byte[], byte[]> again in reading.GroupBy(static one => one.Key, static one => one.Value, KeyComparer.Instance))
        {
            unread[again.Key] = new Queue<byte[]>([.. again, .. unread.GetValueOrDefault(again.Key) ?? []]);
        }

        reading.Clear();
    }
}
