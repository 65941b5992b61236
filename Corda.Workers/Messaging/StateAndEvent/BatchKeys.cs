namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The keys of a transaction: opened when their first input comes, ready when an input waits and nobody works on them, served in turns so that none
/// keeps the others waiting. Belongs to its batch and its lock.
/// </summary>
/// <param name="partitions">Where the states are.</param>
/// <param name="fromBytes">States are always decoded from their bytes.</param>
/// <param name="now">Parked keys whose next attempt is due by now take part.</param>
internal sealed class BatchKeys<TState, TEvent>(IReadOnlyDictionary<int, PartitionStates<TState>> partitions, bool fromBytes, DateTimeOffset now)
    where TState : class
    where TEvent : class
{
    private readonly Dictionary<PartitionKey, KeyQueue<TState, TEvent>> open = [];
    private readonly Queue<KeyQueue<TState, TEvent>> ready = new();

    public int ReadyCount => ready.Count;

    /// <summary>The partitions that have a part in the transaction.</summary>
    public IReadOnlyCollection<PartitionStates<TState>> Owners => open.Values.Select(static key => key.Owner).ToHashSet();

    /// <summary>An input comes after those that wait for the key.</summary>
    public void Append(PartitionKey key, StepInput<TEvent> input)
    {
        KeyQueue<TState, TEvent> queue = Open(key);
        queue.Append(input);
        ReadyIfWaiting(queue);
    }

    /// <summary>A parked key takes part with the inputs that wait in its record.</summary>
    public void Wake(PartitionKey key) => ReadyIfWaiting(Open(key));

    /// <summary>The key whose turn it is; nobody else works on it until <see cref="Release"/>. Null for none.</summary>
    public KeyQueue<TState, TEvent>? Next() => ready.TryDequeue(out KeyQueue<TState, TEvent>? key) ? key : null;

    /// <summary>Nobody works on the key any more; it gets in line again if inputs wait.</summary>
    public void Release(KeyQueue<TState, TEvent> key)
    {
        key.Scheduled = false;
        ReadyIfWaiting(key);
    }

    /// <summary>Gets all keys in line whose state has changed, to be encoded.</summary>
    public void ReadyChanged()
    {
        foreach (KeyQueue<TState, TEvent> key in open.Values.Where(static key => key.State.Changed))
        {
            ready.Enqueue(key);
        }
    }

    private KeyQueue<TState, TEvent> Open(PartitionKey key)
    {
        if (open.TryGetValue(key, out KeyQueue<TState, TEvent>? queue))
        {
            return queue;
        }

        PartitionStates<TState> owner = partitions[key.Partition];
        KeyState<TState> state = owner.Take(key.Key, fromBytes);
        IReadOnlyList<StepInput<TEvent>> held = [];
        if (state.Parked is { } parked && parked.NextAttemptAt <= now)
        {
            (state, held) = Parking.Unpark<TState, TEvent>(state, parked);
        }

        queue = new KeyQueue<TState, TEvent>(key, owner, state);
        queue.Prepend(held);
        open.Add(key, queue);
        return queue;
    }

    private void ReadyIfWaiting(KeyQueue<TState, TEvent> key)
    {
        if (key.HasInput && !key.Scheduled)
        {
            key.Scheduled = true;
            ready.Enqueue(key);
        }
    }
}
