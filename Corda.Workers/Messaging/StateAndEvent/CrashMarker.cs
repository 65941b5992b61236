namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Left in the state partition while it has an owner, taken away when the owner leaves cleanly. Whoever finds one knows that the owner died, and
/// whether it had come any further: so an input that kills the process is found out. Pure.
/// </summary>
/// <param name="Owner">The process that wrote it, unique for each run of it: who finds his own marker has been fenced, not killed.</param>
/// <param name="Position">The committed offset of the event partition when it was written.</param>
/// <param name="InputId">The input that was being tried alone; null for none.</param>
/// <param name="Attempts">How often that input was begun alone.</param>
internal sealed record CrashMarker(string Owner, long Position, string? InputId, int Attempts)
{
    private const byte Format = 1;
    private static readonly CrashMarker Unknown = new("", -1, null, 0);

    /// <summary>The marker to leave on taking a partition over, and whether to be cautious: the former owner died without any progress.</summary>
    public static (CrashMarker Write, bool Cautious) OnTakeover(CrashMarker? left, long position, string owner) => left switch
    {
        null => (new CrashMarker(owner, position, null, 0), false),
        { InputId: not null } => (left with { Position = position }, true),
        _ => (new CrashMarker(owner, position, null, 0), left.Owner != owner && left.Position == position),
    };

    /// <summary>The marker to write before an input is tried alone; null if it has been tried so often that it is to be abandoned unseen.</summary>
    public static CrashMarker? BeforeAttempt(CrashMarker? left, string inputId, long position, string owner, int attemptsMax)
    {
        // An attempt of this very process did not kill it: whatever ended it, it does not count.
        int before = left?.InputId == inputId ? left.Attempts - (left.Owner == owner ? 1 : 0) : 0;
        return before >= attemptsMax ? null : new CrashMarker(owner, position, inputId, before + 1);
    }

    public byte[] Encode()
    {
        var writer = new BinaryFormWriter(64);
        writer.Byte(Format);
        writer.Text(Owner);
        writer.Long(Position);
        writer.Text(InputId);
        writer.Int(Attempts);
        return writer.ToArray();
    }

    /// <summary>A marker of a format that is not known says at least that the owner died.</summary>
    public static CrashMarker Decode(byte[] bytes)
    {
        try
        {
            var reader = new BinaryFormReader(bytes, "crash marker");
            return reader.Byte() == Format ? new CrashMarker(reader.TextNotNull(), reader.Long(), reader.Text(), reader.Int()) : Unknown;
        }
        catch (MalformedRecordException)
        {
            return Unknown;
        }
    }
}
