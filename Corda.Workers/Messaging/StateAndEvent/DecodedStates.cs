namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The decoded objects of a partition's states, so that the next event need not decode: those of the last commits. What is taken, replaced or put
/// out is let go at once. One thread.
/// </summary>
/// <param name="max">At most so many; 0 for none.</param>
internal sealed class DecodedStates<TState>(int max)
    where TState : class
{
    private readonly Dictionary<byte[], LinkedListNode<(byte[] Key, TState Value)>> nodes = new(KeyComparer.Instance);
    private readonly LinkedList<(byte[] Key, TState Value)> oldestFirst = new();

    public int Count => nodes.Count;

    /// <summary>The object of a key, which thereby is not kept any more; null for none.</summary>
    public TState? Take(byte[] key)
    {
        if (!nodes.Remove(key, out LinkedListNode<(byte[] Key, TState Value)>? node))
        {
            return null;
        }

        oldestFirst.Remove(node);
        return node.Value.Value;
    }

    /// <summary>The object of what a key has just become; null for none.</summary>
    public void Replace(byte[] key, TState? value)
    {
        Take(key);
        if (value is null || max == 0)
        {
            return;
        }

        nodes[key] = oldestFirst.AddLast((key, value));
        if (nodes.Count > max)
        {
            Take(oldestFirst.First!.Value.Key);
        }
    }

    public void Clear()
    {
        nodes.Clear();
        oldestFirst.Clear();
    }
}
