using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Events for own keys that went to the log because the chain was at its bound. As long as one of a key is unread, later events for that key go to
/// the log as well: they must not overtake it. Known for the time of an ownership; a new owner may let a chained event overtake an older spilled
/// one, which receivers must bear anyway when senders change. Written by the lane between batches, read by the step workers during them.
/// </summary>
internal sealed class SpilledEvents
{
    private readonly Dictionary<byte[], Queue<UInt128>> unread = new(KeyComparer.Instance);
    private readonly List<(byte[] Key, UInt128 Event)> reading = [];

    public bool Any(byte[] key) => unread.Count > 0 && unread.ContainsKey(key);

    /// <summary>An event of a key was committed to the log.</summary>
    public void Written(byte[] key, byte[] value)
    {
        if (!unread.TryGetValue(key, out Queue<UInt128>? values))
        {
            unread[key] = values = new Queue<UInt128>();
        }

        values.Enqueue(Digest(value));
    }

    /// <summary>
    /// An event of a key comes back from the log and is part of the batch: it precedes whatever is chained in there. Recognised by a digest of its bytes, which
    /// takes no room: two with the same bytes are as good as each other.
    /// </summary>
    public void Reading(byte[] key, byte[]? value)
    {
        if (unread.Count == 0 || !unread.TryGetValue(key, out Queue<UInt128>? values) || values.Peek() != Digest(value))
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
        foreach (IGrouping<byte[], UInt128> again in reading.GroupBy(static one => one.Key, static one => one.Event, KeyComparer.Instance))
        {
            unread[again.Key] = new Queue<UInt128>([.. again, .. unread.GetValueOrDefault(again.Key) ?? []]);
        }

        reading.Clear();
    }

    // Half of a SHA-256: more than enough to tell the events of a key from each other.
    private static UInt128 Digest(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(value, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
