using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>A key in its partition.</summary>
internal readonly record struct PartitionKey(int Partition, byte[] Key)
{
    public bool Equals(PartitionKey other) => Partition == other.Partition && KeyComparer.Instance.Equals(Key, other.Key);

    public override int GetHashCode() => KeyComparer.HashOf(Key);

    public override string ToString() => $"{KeyComparer.Text(Key)} (partition {Partition})";
}

/// <summary>What a step does beside changing its key's state.</summary>
internal abstract record StepEffect<TEvent>
    where TEvent : class;

/// <summary>A record is written.</summary>
/// <param name="Record">The record.</param>
/// <param name="ToOwnKey">An event for a key of this lane that could not be chained: later ones must not overtake it.</param>
internal sealed record Write<TEvent>(OutgoingRecord Record, bool ToOwnKey) : StepEffect<TEvent>
    where TEvent : class;

/// <summary>An event is processed in the same transaction.</summary>
internal sealed record Chain<TEvent>(PartitionKey To, StepInput<TEvent> Input) : StepEffect<TEvent>
    where TEvent : class;

/// <summary>What became of one input.</summary>
/// <param name="State">Where the key stands now.</param>
/// <param name="Effects">In the order of the step's outputs.</param>
internal sealed record StepOutcome<TState, TEvent>(KeyState<TState> State, IReadOnlyList<StepEffect<TEvent>> Effects)
    where TState : class
    where TEvent : class
{
    /// <summary>The input is given up, or the processor asked for it.</summary>
    public DeadLetter? DeadLetter { get; init; }

    /// <summary>Inputs of the key that come before those that wait already.</summary>
    public IReadOnlyList<StepInput<TEvent>> Requeue { get; init; } = [];

    /// <summary>
    /// Set if the batch must be worked off again with every state kept as bytes: this step failed on a state that exists only as an object, and the
    /// failed step may have used that up.
    /// </summary>
    public string? RestartBecause { get; init; }
}

/// <summary>Tells whether an event may be processed in the same transaction. Thread-safe.</summary>
internal interface IChaining
{
    bool MayChain(PartitionKey to);
}
