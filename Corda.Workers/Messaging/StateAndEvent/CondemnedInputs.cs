using System.Collections.Concurrent;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The inputs of a subscription that are to be abandoned without being run, until a commit says that they are. Shared by its lanes: a partition may
/// move from one to the other in between. An input's name alone is not unique, for due times are named by version and time. Thread-safe.
/// </summary>
internal sealed class CondemnedInputs
{
    private readonly ConcurrentDictionary<(PartitionKey Key, string Input), Failure> failures = new();

    public Failure? Find(PartitionKey key, string input) =>
        !failures.IsEmpty && failures.TryGetValue((key, input), out Failure? failure) ? failure : null;

    /// <summary>False if it was condemned before.</summary>
    public bool TryAdd(PartitionKey key, string input, Failure failure) => failures.TryAdd((key, input), failure);

    public void Add(PartitionKey key, string input, Failure failure) => failures[(key, input)] = failure;

    /// <summary>It is abandoned, and that is committed.</summary>
    public void Remove(PartitionKey key, string input) => failures.TryRemove((key, input), out _);
}
