using System.Diagnostics;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>What the turns of a batch have come to so far. Belongs to its batch and its lock.</summary>
internal sealed class BatchYield<TState, TEvent>(BatchKeys<TState, TEvent> keys)
    where TState : class
    where TEvent : class
{
    private readonly List<Write<TEvent>> writes = [];
    private readonly List<DeadLetter> deadLetters = [];
    private readonly List<(PartitionKey Key, string Input)> judged = [];
    private readonly List<KeyChange<TState>> changes = [];
    private int chained;

    /// <summary>Events and due times that joined the transaction on their own. Any thread.</summary>
    public int Chained => Volatile.Read(ref chained);

    /// <summary>Takes a step's outcome but for its state: that is the key's.</summary>
    public void Take(StepOutcome<TState, TEvent> outcome)
    {
        if (outcome.DeadLetter is not null)
        {
            deadLetters.Add(outcome.DeadLetter);
        }

        foreach (StepEffect<TEvent> effect in outcome.Effects)
        {
            switch (effect)
            {
                case Write<TEvent> write:
                    writes.Add(write);
                    break;
                case Chain<TEvent> chain:
                    Chain(chain.To, chain.Input);
                    break;
                default:
                    throw new UnreachableException($"StepEffect {effect}");
            }
        }
    }

    /// <summary>One more input in this transaction.</summary>
    public void Chain(PartitionKey to, StepInput<TEvent> input)
    {
        chained++;
        keys.Append(to, input);
    }

    /// <summary>A condemned input was abandoned.</summary>
    public void Judged(PartitionKey key, string input) => judged.Add((key, input));

    /// <summary>A key's last state was encoded; one that never was and is not is no change.</summary>
    public void Take(KeyChange<TState> change)
    {
        if (change.After is not null || change.Before > 0)
        {
            changes.Add(change);
        }
    }

    public BatchResult<TState, TEvent> Result() => new(changes, writes, deadLetters, judged, keys.Owners, chained);
}
