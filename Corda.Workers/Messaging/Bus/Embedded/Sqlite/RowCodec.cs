using System.Buffers.Binary;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>
/// The bytes of one row of the log: some consecutive records of one partition. A checksum, then first offset and time whole, then for each record the steps from the
/// one before, the key, and the value (its length plus one; zero is a tombstone). All numbers are variable-length: a small record costs five bytes.
/// </summary>
/// <remarks>
/// The checksum is a <see cref="Crc32C"/>, for SQLite has none for its pages. The row's id is part of it, so a whole row in a wrong place is found too.
/// It costs as much again as encoding the row, and nothing beside the commit that carries it.
/// </remarks>
internal static class RowCodec
{
    private const byte Version = 2;
    private const int ChecksumAt = 1;
    private const int OffsetAt = ChecksumAt + 4;
    private const int TicksAt = OffsetAt + 8;
    private const int FixedBytes = TicksAt + 8;
    private const int NumberBytesMax = 10;

    /// <summary>The bytes of a row that is going to have an id.</summary>
    public static byte[] Encode(long id, ReadOnlySpan<ConsumedRecord> records)
    {
        long size = FixedBytes;
        foreach (ConsumedRecord record in records)
        {
            size += (4 * NumberBytesMax) + record.Key.Length + (record.Value?.Length ?? 0);
        }

        byte[] buffer = new byte[size];
        Span<byte> rest = buffer;
        long offset = records[0].Offset;
        long ticks = records[0].Timestamp.UtcTicks;
        rest[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(rest[OffsetAt..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(rest[TicksAt..], ticks);
        rest = rest[FixedBytes..];
        foreach (ConsumedRecord record in records)
        {
            rest = WriteNumber(rest, (ulong)(record.Offset - offset));
            rest = WriteNumber(rest, (ulong)(record.Timestamp.UtcTicks - ticks));
            rest = WriteBytes(rest, (ulong)record.Key.Length, record.Key);
            rest = WriteBytes(rest, record.Value is null ? 0 : (ulong)record.Value.Length + 1, record.Value);
            (offset, ticks) = (record.Offset, record.Timestamp.UtcTicks);
        }

        Array.Resize(ref buffer, buffer.Length - rest.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(ChecksumAt), Crc32C.Of(id, buffer.AsSpan(OffsetAt)));
        return buffer;
    }

    /// <summary>The records of the row with an id, with offsets in [from, to).</summary>
    /// <exception cref="InvalidDataException">These are not the bytes that were written.</exception>
    public static void Decode(long id, ReadOnlySpan<byte> row, TopicPartition partition, long from, long to, List<ConsumedRecord> into)
    {
        if (row.Length < FixedBytes || row[0] != Version)
        {
            throw new InvalidDataException($"a row of {partition} with {row.Length} bytes has no valid beginning");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(row[ChecksumAt..]) != Crc32C.Of(id, row[OffsetAt..]))
        {
            throw new InvalidDataException($"the checksum of a row of {partition} with {row.Length} bytes is not that of its bytes");
        }

        long offset = BinaryPrimitives.ReadInt64LittleEndian(row[OffsetAt..]);
        long ticks = BinaryPrimitives.ReadInt64LittleEndian(row[TicksAt..]);
        ReadOnlySpan<byte> rest = row[FixedBytes..];
        while (rest.Length > 0)
        {
            offset += (long)ReadNumber(ref rest);
            ticks += (long)ReadNumber(ref rest);
            ReadOnlySpan<byte> key = ReadBytes(ref rest, ReadNumber(ref rest));
            ulong valueLength = ReadNumber(ref rest);
            ReadOnlySpan<byte> value = valueLength == 0 ? [] : ReadBytes(ref rest, valueLength - 1);
            if ((ulong)ticks > (ulong)DateTimeOffset.MaxValue.UtcTicks)
            {
                throw new InvalidDataException($"the time of record {offset} of {partition} is out of range");
            }

            if (offset >= from && offset < to)
            {
                into.Add(new ConsumedRecord(
                    partition, offset, key.ToArray(), valueLength == 0 ? null : value.ToArray(), new DateTimeOffset(ticks, TimeSpan.Zero)));
            }
        }
    }

    /// <summary>CRC-32C by the processor's own instruction, eight bytes at a time.</summary>
    private static Span<byte> WriteBytes(Span<byte> rest, ulong length, ReadOnlySpan<byte> bytes)
    {
        rest = WriteNumber(rest, length);
        bytes.CopyTo(rest);
        return rest[bytes.Length..];
    }

    private static Span<byte> WriteNumber(Span<byte> rest, ulong number)
    {
        int i = 0;
        for (; number >= 0x80; number >>= 7)
        {
            rest[i++] = (byte)(number | 0x80);
        }

        rest[i++] = (byte)number;
        return rest[i..];
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> rest, ulong length)
    {
        if (length > (ulong)rest.Length)
        {
            throw new InvalidDataException($"a row ends {length - (ulong)rest.Length} bytes too early");
        }

        ReadOnlySpan<byte> bytes = rest[..(int)length];
        rest = rest[(int)length..];
        return bytes;
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> rest)
    {
        ulong number = 0;
        for (int i = 0; i < rest.Length && i < NumberBytesMax; i++)
        {
            number |= (ulong)(rest[i] & 0x7f) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return number;
            }
        }

        throw new InvalidDataException("a row ends within a number");
    }
}
