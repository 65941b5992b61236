namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// A <see cref="StateRecord"/> as the bytes that the log has, and what is asked of it often. This is what memory keeps of a state, and a local copy too; it is decoded
/// anew where more is asked for. There may be millions of them, and the garbage collector takes its time for every object that stays.
/// </summary>
internal readonly record struct StateImage
{
    private const long Never = -1;
    private readonly long wakeAtTicks;

    private StateImage(StateRecord record, byte[] bytes)
    {
        Version = record.Version;
        wakeAtTicks = record.WakeAt?.UtcTicks ?? Never;
        Bytes = bytes;
    }

    /// <inheritdoc cref="StateRecord" path="/param[@name='Version']"/>
    public long Version { get; }

    /// <summary>The record as the log has it.</summary>
    public byte[] Bytes { get; }

    /// <inheritdoc cref="StateRecord.WakeAt"/>
    public DateTimeOffset? WakeAt => wakeAtTicks == Never ? null : new DateTimeOffset(wakeAtTicks, TimeSpan.Zero);

    /// <summary>All of it; decoded at every call.</summary>
    public StateRecord Record => StateRecordCodec.Decode(Bytes);

    public static StateImage Of(StateRecord record) => new(record, StateRecordCodec.Encode(record));

    /// <summary>Of a record from the log.</summary>
    /// <exception cref="MalformedRecordException">These bytes are not a state record.</exception>
    public static StateImage Of(byte[] bytes) => new(StateRecordCodec.Decode(bytes), bytes);
}
