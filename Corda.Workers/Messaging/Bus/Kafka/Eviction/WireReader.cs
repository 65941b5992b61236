using System.Buffers.Binary;
using System.Text;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>Reads the primitive types of Kafka's protocol, big-endian.</summary>
/// <exception cref="InvalidDataException">From every member: the answer ends too early or has a length that cannot be.</exception>
internal sealed class WireReader(ReadOnlyMemory<byte> bytes)
{
    private ReadOnlyMemory<byte> left = bytes;

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)).Span);

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)).Span);

    public WireError Error() => (WireError)Int16();

    /// <summary>A string with two bytes of length; null for a negative length.</summary>
    public string? Text()
    {
        short length = Int16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length).Span);
    }

    /// <summary>Bytes with four bytes of length; none for a negative length.</summary>
    public byte[] Bytes()
    {
        int length = Int32();
        return length < 0 ? [] : Take(length).ToArray();
    }

    /// <summary>Skips the tagged fields of a structure of the flexible versions.</summary>
    public WireReader SkipTags()
    {
        for (uint tags = Unsigned(); tags > 0; tags--)
        {
            Unsigned();
            Take((int)Math.Min(Unsigned(), int.MaxValue));
        }

        return this;
    }

    private uint Unsigned()
    {
        uint value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte one = Take(1).Span[0];
            value |= (uint)(one & 0x7F) << shift;
            if (one <= 0x7F) return value;
        }

        throw new InvalidDataException("A number of the broker's answer does not end.");
    }

    private ReadOnlyMemory<byte> Take(int count)
    {
        if (count > left.Length) throw new InvalidDataException($"The broker's answer ends {count - left.Length} bytes too early.");
        ReadOnlyMemory<byte> taken = left[..count];
        left = left[count..];
        return taken;
    }
}
