namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Left in the state partition while it has an owner, taken away when the owner leaves cleanly. Whoever finds one knows that the owner died, and
/// whether it had come past what it had found: so an input that kills the process is found out. Pure.
/// </summary>
/// <param name="Owner">The process that wrote it, unique for each run of it: who finds his own marker has been fenced, not killed.</param>
/// <param name="Position">The committed offset of the event partition when it was written.</param>
/// <param name="Suspects">The inputs whose attempts alone have come to no end, the last one last. Others of the partition may have been done since: they absolve none.</param>
internal sealed record CrashMarker(string Owner, long Position, IReadOnlyList<SuspectedInput> Suspects)
{
    /// <summary>So many inputs are suspected at once; each has cost a process its life, and the first of more is forgotten.</summary>
    public const int SuspectsMax = 100;

    private const byte Format = 4;
    private static readonly CrashMarker Unknown = new("", -1);

    private bool IsUnknown => Position < 0;

    /// <summary>One of a partition in which no input is suspected.</summary>
    public CrashMarker(string owner, long position)
        : this(owner, position, [])
    {
    }

    /// <summary>
    /// Its owner has worked off all that it had found, timers too, which move no position: whatever it died of came later. Its successor may find out whether that is
    /// one of the inputs.
    /// </summary>
    public bool Settled { get; init; }

    /// <summary>
    /// The marker to leave on taking a partition over, and whether to be cautious: the former owner died without any progress in what it had found. A suspected input that
    /// never comes again, such as a due time that was set anew, makes nobody cautious once there is progress.
    /// </summary>
    public static (CrashMarker Write, bool Cautious) OnTakeover(CrashMarker? left, long position, string owner)
    {
        if (left is null) return (new CrashMarker(owner, position), false);
        CrashMarker write = new(owner, position, SuspectedInput.Without(owner, left.Suspects));
        bool diedInWhatItFound = write.Suspects.Count > 0 || (left.Owner != owner && !left.Settled);
        return (write, left.IsUnknown || (diedInWhatItFound && left.Position == position));
    }

    /// <summary>The marker to write before an input is tried alone; null if it has been tried so often that it is to be abandoned unseen.</summary>
    public static CrashMarker? BeforeAttempt(CrashMarker? left, string inputId, long position, string owner, int attemptsMax)
    {
        // An attempt of this very process did not kill it: whatever ended it, it does not count.
        IReadOnlyList<SuspectedInput> suspects = left?.Suspects ?? [];
        List<string> others = [.. suspects.Where(one => one.Id == inputId).SelectMany(static one => one.Tried).Where(process => process != owner)];
        return others.Count >= attemptsMax
            ? null
            : new CrashMarker(owner, position, [.. Others(suspects, inputId).TakeLast(SuspectsMax - 1), new SuspectedInput(inputId, [.. others, owner])]);
    }

    /// <summary>The marker once an input that was tried alone is done.</summary>
    public static CrashMarker AfterAttempt(CrashMarker? left, string inputId, long position, string owner) =>
        new(owner, position, [.. Others(left?.Suspects ?? [], inputId)]);

    /// <summary>The marker that its owner leaves behind in good order: whatever it has tried, it lives.</summary>
    public CrashMarker OnLeaving() => this with { Suspects = SuspectedInput.Without(Owner, Suspects) };

    /// <summary>How many processes began the input alone without being heard of since.</summary>
    public int AttemptsAt(string inputId) => Suspects.FirstOrDefault(one => one.Id == inputId)?.Attempts ?? 0;

    public bool Equals(CrashMarker? other) =>
        other is not null && (Owner, Position, Settled) == (other.Owner, other.Position, other.Settled) && Suspects.SequenceEqual(other.Suspects);

    public override int GetHashCode() => HashCode.Combine(Owner, Position, Settled, Suspects.Count);

    public byte[] Encode()
    {
        var writer = new BinaryFormWriter(64);
        writer.Byte(Format);
        writer.Text(Owner);
        writer.Long(Position);
        writer.Byte(Settled ? (byte)1 : (byte)0);
        writer.Int(Suspects.Count);
        foreach (SuspectedInput suspect in Suspects) suspect.Encode(writer);
        return writer.ToArray();
    }

    /// <summary>A marker of a format that is not known says at least that the owner died: whoever finds it is cautious.</summary>
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

    private static IEnumerable<SuspectedInput> Others(IReadOnlyList<SuspectedInput> suspects, string inputId) => suspects.Where(one => one.Id != inputId);

    private static CrashMarker Decode(ref BinaryFormReader reader)
    {
        (string owner, long position, bool settled, int count) = (reader.TextNotNull(), reader.Long(), reader.Byte() != 0, reader.Int());
        if (count is < 0 or > SuspectsMax) throw new MalformedRecordException($"crash marker: {count} inputs");

        var suspects = new SuspectedInput[count];
        for (int i = 0; i < count; i++) suspects[i] = SuspectedInput.Decode(ref reader);
        return new CrashMarker(owner, position, suspects) { Settled = settled };
    }
}
