namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Left in the state partition while it has an owner, taken away when the owner leaves cleanly. Whoever finds one knows that the owner died, and
/// whether it had come past what it had found: so an input that kills the process is found out. Pure.
/// </summary>
/// <param name="Owner">The process that wrote it, unique for each run of it: who finds his own marker has been fenced, not killed.</param>
/// <param name="Position">The committed offset of the event partition when it was written.</param>
/// <param name="InputId">The input that was being tried alone; null for none.</param>
/// <param name="Tried">The processes that began that input alone and have not been heard of since, the last one last. Who comes back was put out of the group, not
/// killed, and takes itself off the list: a worker that is evicted over and over is no crash loop.</param>
internal sealed record CrashMarker(string Owner, long Position, string? InputId, IReadOnlyList<string> Tried)
{
    private const byte Format = 3;

    // More than any setting allows; what claims to be longer is no marker.
    private const int TriedMax = 1_000;
    private static readonly CrashMarker Unknown = new("", -1);

    /// <summary>One of a partition in which no input is tried alone.</summary>
    public CrashMarker(string owner, long position)
        : this(owner, position, null, [])
    {
    }

    /// <summary>
    /// Its owner has worked off all that it had found, timers too, which move no position: whatever it died of came later. Its successor may find out whether that is
    /// one of the inputs.
    /// </summary>
    public bool Settled { get; init; }

    /// <summary>How many processes began the input alone without being heard of since.</summary>
    public int Attempts => Tried.Count;

    /// <summary>The marker to leave on taking a partition over, and whether to be cautious: the former owner died without any progress in what it had found.</summary>
    public static (CrashMarker Write, bool Cautious) OnTakeover(CrashMarker? left, long position, string owner) => left switch
    {
        null => (new CrashMarker(owner, position), false),
        { InputId: not null } => (left with { Position = position }, true),
        _ => (new CrashMarker(owner, position), left.Owner != owner && !left.Settled && left.Position == position),
    };

    /// <summary>The marker to write before an input is tried alone; null if it has been tried so often that it is to be abandoned unseen.</summary>
    public static CrashMarker? BeforeAttempt(CrashMarker? left, string inputId, long position, string owner, int attemptsMax)
    {
        // An attempt of this very process did not kill it: whatever ended it, it does not count.
        List<string> others = left?.InputId == inputId ? [.. left.Tried.Where(process => process != owner)] : [];
        return others.Count >= attemptsMax ? null : new CrashMarker(owner, position, inputId, [.. others, owner]);
    }

    public bool Equals(CrashMarker? other) =>
        other is not null && (Owner, Position, InputId, Settled) == (other.Owner, other.Position, other.InputId, other.Settled) && Tried.SequenceEqual(other.Tried);

    public override int GetHashCode() => HashCode.Combine(Owner, Position, InputId, Settled, Tried.Count);

    public byte[] Encode()
    {
        var writer = new BinaryFormWriter(64);
        writer.Byte(Format);
        writer.Text(Owner);
        writer.Long(Position);
        writer.Text(InputId);
        writer.Byte(Settled ? (byte)1 : (byte)0);
        writer.Int(Tried.Count);
        foreach (string process in Tried)
        {
            writer.Text(process);
        }

        return writer.ToArray();
    }

    /// <summary>A marker of a format that is not known says at least that the owner died.</summary>
    public static CrashMarker Decode(byte[] bytes)
    {
        try
        {
            var reader = new BinaryFormReader(bytes, "crash marker");
            return reader.Byte() == Format ? Decode(ref reader) : Unknown;
        }
        catch (MalformedRecordException)
        {
            return Unknown;
        }
    }

    private static CrashMarker Decode(ref BinaryFormReader reader)
    {
        (string owner, long position, string? input, bool settled) = (reader.TextNotNull(), reader.Long(), reader.Text(), reader.Byte() != 0);
        return new CrashMarker(owner, position, input, DecodeTried(ref reader)) { Settled = settled };
    }

    private static string[] DecodeTried(ref BinaryFormReader reader)
    {
        int count = reader.Int();
        if (count is < 0 or > TriedMax)
        {
            throw new MalformedRecordException($"crash marker: {count} processes");
        }

        var tried = new string[count];
        for (int i = 0; i < count; i++)
        {
            tried[i] = reader.TextNotNull();
        }

        return tried;
    }
}
