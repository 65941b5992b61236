namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>What waits for a key within a transaction, and where the key stands. Belongs to its batch and its lock.</summary>
internal sealed class KeyQueue<TState, TEvent>(PartitionKey key, PartitionStates<TState> owner, KeyState<TState> state)
    where TState : class
    where TEvent : class
{
    private readonly LinkedList<StepInput<TEvent>> inputs = new();

    public PartitionKey Key { get; } = key;

    public PartitionStates<TState> Owner { get; } = owner;

    public KeyState<TState> State { get; set; } = state;

    /// <summary>It is among the ready ones or being worked on: only one turn of a key at a time.</summary>
    public bool Scheduled { get; set; }

    public bool HasInput => inputs.Count > 0;

    public void Append(StepInput<TEvent> input) => inputs.AddLast(input);

    /// <summary>Puts inputs before those that wait, keeping their order.</summary>
    public void Prepend(IReadOnlyList<StepInput<TEvent>> first)
    {
        for (int i = first.Count - 1; i >= 0; i--)
        {
            inputs.AddFirst(first[i]);
        }
    }

    public StepInput<TEvent>? Take()
    {
        StepInput<TEvent>? input = inputs.First?.Value;
        if (input is not null)
        {
            inputs.RemoveFirst();
        }

        return input;
    }
}
