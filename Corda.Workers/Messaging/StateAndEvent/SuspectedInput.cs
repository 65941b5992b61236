namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>An input that was tried alone by processes that have not been heard of since.</summary>
/// <param name="Id">Which.</param>
/// <param name="Tried">The processes that began it, the last one last. Who comes back, or leaves in good order, was not killed by it and takes itself off the list: a worker
/// that is evicted over and over is no crash loop.</param>
internal sealed record SuspectedInput(string Id, IReadOnlyList<string> Tried)
{
    // More than any setting allows; what claims to be longer is no marker.
    private const int TriedMax = 1_000;

    /// <summary>How many processes began it alone without being heard of since.</summary>
    public int Attempts => Tried.Count;

    /// <summary>What is left of some when a process is known to live: inputs that only it has tried are suspected no more.</summary>
    public static IReadOnlyList<SuspectedInput> Without(string process, IReadOnlyList<SuspectedInput> some) =>
    [
        .. some.Select(one => one with { Tried = [.. one.Tried.Where(other => other != process)] }).Where(static one => one.Attempts > 0),
    ];

    public bool Equals(SuspectedInput? other) => other is not null && Id == other.Id && Tried.SequenceEqual(other.Tried);

    public override int GetHashCode() => HashCode.Combine(Id, Tried.Count);

    public void Encode(BinaryFormWriter writer)
    {
        writer.Text(Id);
        writer.Int(Tried.Count);
        foreach (string process in Tried) writer.Text(process);
    }

    public static SuspectedInput Decode(ref BinaryFormReader reader)
    {
        string id = reader.TextNotNull();
        int count = reader.Int();
        if (count is < 0 or > TriedMax) throw new MalformedRecordException($"crash marker: {count} processes");

        var tried = new string[count];
        for (int i = 0; i < count; i++) tried[i] = reader.TextNotNull();
        return new SuspectedInput(id, tried);
    }
}
