namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The decoded objects of a partition's states, so that the next event need not decode: those of the last commits. What is taken, replaced or put
/// out is let go at once. One thread.
/// </summary>
/// <param name="max">At most so many; 0 for none.</param>
internal sealed class DecodedStates<TState>(int max)
    where TState : class
{
    /// <summary>All of them, by the bytes that they are encoded in: the objects take a few times that.</summary>
    public const int BytesMax = 2 * 1024 * 1024;

    private readonly Dictionary<byte[], LinkedListNode<Kept>> nodes = new(KeyComparer.Instance);
    private readonly LinkedList<Kept> oldestFirst = new();
    private long bytes;

    public int Count => nodes.Count;

    /// <summary>The object of a key, which thereby is not kept any more; null for none.</summary>
    public TState? Take(byte[] key)
    {
        if (!nodes.Remove(key, out LinkedListNode<Kept>? node))
        {
            return null;
        }

        oldestFirst.Remove(node);
        bytes -= node.Value.Bytes;
        return node.Value.Value;
    }

    /// <summary>The object of what a key has just become, and the bytes it is encoded in; null for none.</summary>
    public void Replace(byte[] key, TState? value, int encodedBytes)
    {
        Take(key);
        if (value is null || max == 0)
        {
            return;
        }

        nodes[key] = oldestFirst.AddLast(new Kept(key, value, encodedBytes));
        bytes += encodedBytes;
        while (nodes.Count > max || bytes > BytesMax)
        {
            Take(oldestFirst.First!.Value.Key);
        }
    }

    public void Clear()
    {
        nodes.Clear();
        oldestFirst.Clear();
        bytes = 0;
    }

    private readonly record struct Kept(byte[] Key, TState Value, int Bytes);
}
