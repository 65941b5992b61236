using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>Writes the primitive types of Kafka's protocol, big-endian.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();

    public ReadOnlyMemory<byte> Written => buffer.WrittenMemory;

    public WireWriter Int8(sbyte value)
    {
        buffer.Write([(byte)value]);
        return this;
    }

    public WireWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(buffer.GetSpan(sizeof(short)), value);
        buffer.Advance(sizeof(short));
        return this;
    }

    public WireWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer.GetSpan(sizeof(int)), value);
        buffer.Advance(sizeof(int));
        return this;
    }

    /// <summary>A string with two bytes of length.</summary>
    public WireWriter Text(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Int16(checked((short)bytes.Length));
        buffer.Write(bytes);
        return this;
    }

    /// <summary>Bytes with four bytes of length.</summary>
    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        buffer.Write(value);
        return this;
    }

    /// <summary>A string of the flexible versions: its length plus one as a variable-length number.</summary>
    public WireWriter CompactText(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Unsigned((uint)bytes.Length + 1);
        buffer.Write(bytes);
        return this;
    }

    /// <summary>Null where a string or an array of the flexible versions could stand.</summary>
    public WireWriter CompactNull() => Unsigned(0);

    /// <summary>The tagged fields that end every structure of the flexible versions: none.</summary>
    public WireWriter NoTags() => Unsigned(0);

    public WireWriter Raw(ReadOnlySpan<byte> value)
    {
        buffer.Write(value);
        return this;
    }

    private WireWriter Unsigned(uint value)
    {
        while (value > 0x7F)
        {
            buffer.Write([(byte)(value | 0x80)]);
            value >>= 7;
        }

        buffer.Write([(byte)value]);
        return this;
    }
}
