namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>The bytes of a <see cref="StateRecord"/>: a format byte, the fields in order, the payload last.</summary>
internal static class StateRecordCodec
{
    private const byte Format = 1;
    private const int HeldMax = 1_000_000;
    private const byte NotParked = 0;
    private const byte IsParked = 1;
    private const byte IsParkedPatiently = 2;

    public static byte[] Encode(StateRecord record)
    {
        var writer = new BinaryFormWriter(96 + (record.Payload?.Length ?? 0));
        writer.Byte(Format);
        writer.Long(record.Version);
        writer.Text(record.InputId);
        writer.Long(record.LastOffset);
        writer.Time(record.DueAt);
        WriteParked(writer, record.Parked);
        writer.Bytes(record.Payload);
        return writer.ToArray();
    }

    /// <summary>The record of these bytes.</summary>
    /// <exception cref="MalformedRecordException">These bytes are not a state record.</exception>
    public static StateRecord Decode(byte[] bytes)
    {
        var reader = new BinaryFormReader(bytes, "state record");
        byte format = reader.Byte();
        if (format != Format)
        {
            throw reader.Malformed($"format {format} where {Format} is known");
        }

        var record = new StateRecord(
            reader.Long(), reader.TextNotNull(), reader.Long(), reader.Time(), ReadParked(ref reader), reader.Bytes());
        reader.End();
        return record;
    }

    private static void WriteParked(BinaryFormWriter writer, ParkedKey? parked)
    {
        writer.Byte(parked switch { null => NotParked, { Waits: 0 } => IsParked, _ => IsParkedPatiently });
        if (parked is null)
        {
            return;
        }

        if (parked.Waits > 0)
        {
            writer.Int(parked.Waits);
        }

        writer.Int(parked.Attempts);
        writer.Time(parked.NextAttemptAt);
        writer.Text(parked.Reason);
        writer.Int(parked.Held.Count);
        foreach (HeldInput held in parked.Held)
        {
            writer.Text(held.Id);
            writer.Bytes(held.Event);
        }
    }

    private static ParkedKey? ReadParked(ref BinaryFormReader reader)
    {
        byte kind = reader.Byte();
        if (kind == NotParked)
        {
            return null;
        }

        int waits = kind == IsParkedPatiently ? reader.Int() : 0;
        int attempts = reader.Int();
        DateTimeOffset nextAttemptAt = reader.Time() ?? throw reader.Malformed("a parked key without a next attempt");
        string reason = reader.TextNotNull();
        int count = reader.Int();
        if (count is < 1 or > HeldMax)
        {
            throw reader.Malformed($"a parked key with {count} inputs");
        }

        var held = new List<HeldInput>(Math.Min(count, 1024));
        for (int i = 0; i < count; i++)
        {
            held.Add(new HeldInput(reader.TextNotNull(), reader.Bytes()));
        }

        return new ParkedKey(attempts, nextAttemptAt, reason, held) { Waits = waits };
    }
}
