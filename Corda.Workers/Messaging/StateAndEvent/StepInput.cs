namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Something for a key to process. An event from the log comes as bytes and is decoded by the step; a chained one comes as the object that was sent;
/// a due time has neither.
/// </summary>
/// <param name="Id">Names it.</param>
/// <param name="Event">The event, where it is at hand as an object.</param>
/// <param name="Bytes">The event's bytes, where it came from the log.</param>
/// <param name="Attempts">How often it was tried before.</param>
/// <param name="Condemned">Set if it is to be abandoned without being run.</param>
internal sealed record StepInput<TEvent>(InputId Id, TEvent? Event, byte[]? Bytes, int Attempts = 0, Verdict? Condemned = null)
    where TEvent : class
{
    public bool IsDue => Event is null && Bytes is null;

    /// <summary>How often it has waited without spending an attempt.</summary>
    public int Waits { get; init; }

    /// <summary>How often it was begun before.</summary>
    public int Tries => Attempts + Waits;

    public static StepInput<TEvent> OfHeld(HeldInput held, int attempts, int waits) => new(InputId.OfHeld(held), null, held.Event, attempts) { Waits = waits };
}
