using System.Collections.Concurrent;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The inputs of a subscription that are to be abandoned without being run, until a commit says that they are. Shared by its lanes: a partition may
/// move from one to the other in between. An input's name alone is not unique, for due times are named by version and time. Thread-safe.
/// </summary>
internal sealed class CondemnedInputs
{
    private readonly ConcurrentDictionary<(PartitionKey Key, string Input), Verdict> verdicts = new();

    public Verdict? Find(PartitionKey key, string input) =>
        !verdicts.IsEmpty && verdicts.TryGetValue((key, input), out Verdict? verdict) ? verdict : null;

    /// <summary>False if it was condemned before.</summary>
    public bool TryAdd(PartitionKey key, string input, Verdict verdict) => verdicts.TryAdd((key, input), verdict);

    public void Add(PartitionKey key, string input, Verdict verdict) => verdicts[(key, input)] = verdict;

    /// <summary>It is abandoned, and that is committed.</summary>
    public void Remove(PartitionKey key, string input) => verdicts.TryRemove((key, input), out _);
}

/// <summary>An input is to be abandoned without being run.</summary>
/// <param name="Failure">Why.</param>
/// <param name="Silent">
/// Its abandonment failed to come to an end as well: neither the processor nor a codec is called any more. The event and the state go to the dead letters
/// as the bytes they are, and the state is deleted.
/// </param>
internal sealed record Verdict(Failure Failure, bool Silent);
