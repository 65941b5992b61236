namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>What a batch comes to: all of it is committed, or nothing.</summary>
/// <param name="Changes">The keys whose state is another one now.</param>
/// <param name="Writes">Outputs, in causal order.</param>
/// <param name="DeadLetters">Inputs that were given up.</param>
/// <param name="Judged">Inputs that were condemned before, and now are abandoned.</param>
/// <param name="Touched">The partitions that had a part in it.</param>
/// <param name="Chained">Events that were processed without a trip through the log.</param>
internal sealed record BatchResult<TState, TEvent>(
    IReadOnlyList<KeyChange<TState>> Changes,
    IReadOnlyList<Write<TEvent>> Writes,
    IReadOnlyList<DeadLetter> DeadLetters,
    IReadOnlyList<(PartitionKey Key, string Input)> Judged,
    IReadOnlyCollection<PartitionStates<TState>> Touched,
    int Chained)
    where TState : class
    where TEvent : class;

/// <summary>The new state of a key.</summary>
/// <param name="Owner">Its partition.</param>
/// <param name="Key">The key.</param>
/// <param name="Before">The committed version; 0 for none.</param>
/// <param name="After">What is committed then; null for nothing any more.</param>
/// <param name="Value">The state as object.</param>
internal sealed record KeyChange<TState>(
    PartitionStates<TState> Owner, PartitionKey Key, long Before, StateImage? After, TState? Value)
    where TState : class;

/// <summary>The inputs of a batch as they were polled; a batch can be worked off again from them.</summary>
/// <param name="Inputs">Events in log order, then due times.</param>
/// <param name="Woken">Parked keys whose next attempt is due: their inputs are in their record.</param>
/// <param name="Now">
/// The time of the batch, for every step of it: what was due when it was taken is due when it is run, also where the clock is set back in between.
/// </param>
internal sealed record BatchInputs<TEvent>(
    IReadOnlyList<(PartitionKey Key, StepInput<TEvent> Input)> Inputs, IReadOnlyList<PartitionKey> Woken, DateTimeOffset Now)
    where TEvent : class
{
    public int Count => Inputs.Count + Woken.Count;
}
