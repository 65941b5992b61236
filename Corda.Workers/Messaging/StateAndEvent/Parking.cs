namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>When a failing key waits, how long, and who waits with it. Pure.</summary>
/// <param name="attemptsMax">Attempts before an input is abandoned.</param>
/// <param name="backOff">The delays between them.</param>
/// <param name="heldMax">Inputs that may wait for a key.</param>
/// <param name="bytesMax">Bytes that a key's state and waiting inputs may have together.</param>
internal sealed class Parking(int attemptsMax, BackOff backOff, int heldMax, int bytesMax)
{
    // Ids, reason and the record's own fields: generous, for a record that turns out too large at commit would be refused.
    private const int OverheadBytes = 4_096;
    private const int OverheadBytesPerInput = 128;
    private const int ReasonCharsMax = 500;

    /// <summary>The key waits with its failed input; null if the attempts are spent or the input is too large to wait.</summary>
    public ParkedKey? Park(HeldInput input, int attempts, int waits, string reason, int stateBytes, DateTimeOffset now)
    {
        string shortReason = reason.Length <= ReasonCharsMax ? reason : reason[..ReasonCharsMax];
        var parked = new ParkedKey(attempts, now + backOff.After(attempts + waits), shortReason, [input]) { Waits = waits };
        return attempts < attemptsMax && Fits(parked, stateBytes) ? parked : null;
    }

    /// <summary>One more input waits; null if there is no room: then the key has run out of patience and its first input is abandoned.</summary>
    public ParkedKey? Hold(ParkedKey parked, HeldInput input, int stateBytes)
    {
        ParkedKey longer = parked with { Held = [.. parked.Held, input] };
        return longer.Held.Count <= heldMax && Fits(longer, stateBytes) ? longer : null;
    }

    /// <summary>The key as it was before it was parked, and its inputs in order.</summary>
    public static (KeyState<TState> State, IReadOnlyList<StepInput<TEvent>> Inputs) Unpark<TState, TEvent>(KeyState<TState> state, ParkedKey parked)
        where TState : class
        where TEvent : class
    {
        IEnumerable<StepInput<TEvent>> inputs = parked.Held.Select(
            (held, index) => index == 0 ? StepInput<TEvent>.OfHeld(held, parked.Attempts, parked.Waits) : StepInput<TEvent>.OfHeld(held, 0, 0));

        // Changed even if no input changes the state: the record that says "parked" has to go.
        return (state with { Parked = null, InputId = parked.Held[0].Id }, inputs.ToList());
    }

    private bool Fits(ParkedKey parked, int stateBytes) =>
        stateBytes + parked.Held.Sum(static held => (long)(held.Event?.Length ?? 0) + OverheadBytesPerInput) + OverheadBytes <= bytesMax;
}
