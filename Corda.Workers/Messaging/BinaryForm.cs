using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Corda.Workers.Messaging;

/// <summary>Writes the patterns' own records: little-endian numbers, length-prefixed text and bytes, -1 as the length of null.</summary>
internal sealed class BinaryFormWriter(int capacity)
{
    private readonly ArrayBufferWriter<byte> buffer = new(capacity);

    public void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    public void Int(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer.GetSpan(sizeof(int)), value);
        buffer.Advance(sizeof(int));
    }

    public void Long(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(sizeof(long)), value);
        buffer.Advance(sizeof(long));
    }

    public void Time(DateTimeOffset? value) => Long(value?.UtcTicks ?? -1);

    public void Text(string? value)
    {
        if (value is null)
        {
            Int(-1);
            return;
        }

        int bytes = Encoding.UTF8.GetByteCount(value);
        Int(bytes);
        Encoding.UTF8.GetBytes(value, buffer.GetSpan(bytes));
        buffer.Advance(bytes);
    }

    public void Bytes(byte[]? value)
    {
        Int(value?.Length ?? -1);
        buffer.Write(value);
    }

    public byte[] ToArray() => buffer.WrittenSpan.ToArray();
}

/// <summary>Reads what <see cref="BinaryFormWriter"/> wrote. Everything that does not fit is a <see cref="MalformedRecordException"/>.</summary>
internal ref struct BinaryFormReader(ReadOnlySpan<byte> bytes, string what)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int position;

    public byte Byte() => Take(1)[0];

    public int Int() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public DateTimeOffset? Time()
    {
        long ticks = Long();
        if (ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            throw Malformed($"a time of {ticks} ticks");
        }

        return ticks < 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    public string? Text()
    {
        int length = Int();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public string TextNotNull() => Text() ?? throw Malformed("a missing text");

    public byte[]? Bytes()
    {
        int length = Int();
        return length < 0 ? null : Take(length).ToArray();
    }

    public readonly void End()
    {
        if (position != bytes.Length)
        {
            throw Malformed($"{bytes.Length - position} bytes too many");
        }
    }

    public readonly MalformedRecordException Malformed(string why) => new($"Not a {what}: {why} at byte {position} of {bytes.Length}.");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > bytes.Length - position)
        {
            throw Malformed($"{length} bytes expected, {bytes.Length - position} left");
        }

        ReadOnlySpan<byte> taken = bytes.Slice(position, length);
        position += length;
        return taken;
    }
}
