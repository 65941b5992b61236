namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>What the state topic holds for a key.</summary>
/// <param name="Version">1 for the first, then one more with every committed change; begins anew after the state was deleted.</param>
/// <param name="InputId">The input that made it.</param>
/// <param name="LastOffset">The last event of the partition that is contained in it; -1 for none. An event at or below it is a repetition.</param>
/// <param name="DueAt">When the state wants to be called; null for never.</param>
/// <param name="Parked">Set while the key waits after a transient failure.</param>
/// <param name="Payload">The state itself; null where a key without a state is parked.</param>
internal sealed record StateRecord(
    long Version, string InputId, long LastOffset, DateTimeOffset? DueAt, ParkedKey? Parked, byte[]? Payload)
{
    /// <summary>When the key wants attention without an event: its next attempt if it is parked, else its due time.</summary>
    public DateTimeOffset? WakeAt => Parked is null ? DueAt : Parked.NextAttemptAt;
}

/// <summary>A key that waits after a transient failure. Its state is the one before the failed input.</summary>
/// <param name="Attempts">How often the first held input was tried.</param>
/// <param name="NextAttemptAt">When it is tried again.</param>
/// <param name="Reason">The last failure, for people.</param>
/// <param name="Held">The failed input and those that came after it, in order; never empty.</param>
internal sealed record ParkedKey(int Attempts, DateTimeOffset NextAttemptAt, string Reason, IReadOnlyList<HeldInput> Held)
{
    /// <summary>How often the first held input has waited without spending an attempt.</summary>
    public int Waits { get; init; }
}

/// <summary>An input that waits in the record of a parked key.</summary>
/// <param name="Id">Names the input.</param>
/// <param name="Event">The event's bytes; null for a due time.</param>
internal sealed record HeldInput(string Id, byte[]? Event);
