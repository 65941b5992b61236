namespace Corda.Workers.Messaging;

/// <summary>An input that was given up, with all it takes to find out why and to try it again. Key: the input's key.</summary>
/// <param name="Timestamp">When it was given up.</param>
/// <param name="Topic">Where the input came from.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="InputId">Names the input: its place in the log, its due time, or the chain it came by.</param>
/// <param name="Key">The key.</param>
/// <param name="Event">The event's bytes; null for a due time, where there was no room and another dead letter of the same input has them, or where they are too many for
/// any.</param>
/// <param name="State">The bytes of the state it was to change; null for none, and as with the event.</param>
/// <param name="Kind">The sort of failure; null where the processor itself asked for the dead letter or the bytes could not be read.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Reason">For people.</param>
/// <param name="Error">The exception with its stack; null for none.</param>
public sealed record DeadLetter(
    DateTimeOffset Timestamp,
    string Topic,
    int Partition,
    string InputId,
    byte[] Key,
    byte[]? Event,
    byte[]? State,
    FailureKind? Kind,
    int Attempts,
    string Reason,
    string? Error)
{
    /// <summary>The dead letters of an event topic, partition for partition with it.</summary>
    public static Topic<DeadLetter> TopicOf(Topic events) =>
        new((events ?? throw new ArgumentNullException(nameof(events))).Name + ".dlq", events.Routing, Cleanup.Delete, new DeadLetterCodec());
}

/// <summary>The bytes of a dead letter.</summary>
internal sealed class DeadLetterCodec : ICodec<DeadLetter>
{
    private const byte Format = 1;

    public byte[] Encode(DeadLetter value)
    {
        var writer = new BinaryFormWriter(256 + (value.Event?.Length ?? 0) + (value.State?.Length ?? 0));
        writer.Byte(Format);
        writer.Time(value.Timestamp);
        writer.Text(value.Topic);
        writer.Int(value.Partition);
        writer.Text(value.InputId);
        writer.Bytes(value.Key);
        writer.Bytes(value.Event);
        writer.Bytes(value.State);
        writer.Int(value.Kind is { } kind ? (int)kind : -1);
        writer.Int(value.Attempts);
        writer.Text(value.Reason);
        writer.Text(value.Error);
        return writer.ToArray();
    }

    public DeadLetter Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new BinaryFormReader(bytes, "dead letter");
        byte format = reader.Byte();
        if (format != Format)
        {
            throw reader.Malformed($"format {format} where {Format} is known");
        }

        var letter = new DeadLetter(
            reader.Time() ?? throw reader.Malformed("no timestamp"),
            reader.TextNotNull(),
            reader.Int(),
            reader.TextNotNull(),
            reader.Bytes() ?? throw reader.Malformed("no key"),
            reader.Bytes(),
            reader.Bytes(),
            reader.Int() is var kind && kind >= 0 ? (FailureKind)kind : null,
            reader.Int(),
            reader.TextNotNull(),
            reader.Text());
        reader.End();
        return letter;
    }
}
