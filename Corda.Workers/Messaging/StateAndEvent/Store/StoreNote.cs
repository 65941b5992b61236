namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>What a local copy of states is a copy of; kept in it, and changed in one piece with it.</summary>
/// <param name="Topic">The identity of the state topic.</param>
/// <param name="CompleteTo">The offset it is complete up to: where reading goes on.</param>
/// <param name="AsOf">Nothing at or after that offset was written before this time.</param>
/// <param name="States">How many states there are.</param>
/// <param name="Bytes">Their bytes in the log.</param>
/// <param name="LastId">The highest place ever given.</param>
/// <param name="Marker">The crash marker of the partition; null for none.</param>
internal sealed record StoreNote(string Topic, long CompleteTo, DateTimeOffset AsOf, long States, long Bytes, long LastId, byte[]? Marker)
{
    private const byte Format = 1;

    public byte[] Encode()
    {
        var writer = new BinaryFormWriter(128);
        writer.Byte(Format);
        writer.Text(Topic);
        writer.Long(CompleteTo);
        writer.Time(AsOf);
        writer.Long(States);
        writer.Long(Bytes);
        writer.Long(LastId);
        writer.Bytes(Marker);
        return writer.ToArray();
    }

    /// <summary>The note of these bytes.</summary>
    /// <exception cref="MalformedRecordException">These bytes are not a note of this format.</exception>
    public static StoreNote Decode(byte[] bytes)
    {
        var reader = new BinaryFormReader(bytes, "note of a state copy");
        byte format = reader.Byte();
        if (format != Format)
        {
            throw reader.Malformed($"format {format} where {Format} is known");
        }

        var note = new StoreNote(
            reader.TextNotNull(), reader.Long(), reader.Time() ?? throw reader.Malformed("no time"), reader.Long(), reader.Long(), reader.Long(), reader.Bytes());
        reader.End();
        return note;
    }
}

/// <summary>How far states are those of the log.</summary>
/// <param name="CompleteTo">Every record below this offset is in them, and none above.</param>
/// <param name="AsOf">Nothing at or after that offset was written before this time.</param>
internal readonly record struct StorePoint(long CompleteTo, DateTimeOffset AsOf);
