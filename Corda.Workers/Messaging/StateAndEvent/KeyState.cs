namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>A state as object, as bytes, or both; at least one of them is there.</summary>
/// <param name="Decoded">The object; handed to one step only, for it may carry a cache that the step uses up.</param>
/// <param name="Bytes">What it is decoded from again.</param>
internal sealed record StateValue<TState>(TState? Decoded, byte[]? Bytes)
    where TState : class;

/// <summary>Where a key stands within a transaction: begins as what is committed, each step makes the next. Immutable.</summary>
/// <param name="BaseVersion">The version that is committed; 0 for none.</param>
/// <param name="Value">The state; null for none.</param>
/// <param name="DueAt">When the state wants to be called.</param>
/// <param name="Parked">Set while the key waits.</param>
/// <param name="InputId">The input that made it; null as long as it is the committed one.</param>
/// <param name="LastOffset">The last event of the partition contained in it.</param>
/// <param name="Damage">Why the committed record is refused; null if it is sound.</param>
internal sealed record KeyState<TState>(
    long BaseVersion, StateValue<TState>? Value, DateTimeOffset? DueAt, ParkedKey? Parked, string? InputId, long LastOffset, string? Damage)
    where TState : class
{
    public static readonly KeyState<TState> None = new(0, null, null, null, null, -1, null);

    /// <summary>Differs from what is committed.</summary>
    public bool Changed => InputId is not null;

    /// <summary>The version handed to a step: the committed one, or the one that is about to be.</summary>
    public long Version => Changed ? BaseVersion + 1 : BaseVersion;
}
