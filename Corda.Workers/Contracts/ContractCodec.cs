using Corda.Workers.Messaging;
using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>
/// The one serializer of the wire contracts: a version byte, then MemoryPack. Its version-tolerant layout lets a reader skip members it does not
/// know and default those that are missing; what it cannot do (retype, reorder) needs a new version byte, and the wire contract test says so.
/// </summary>
internal sealed class ContractCodec<TValue> : ICodec<TValue>
    where TValue : class
{
    private const byte Version = 2;

    public byte[] Encode(TValue value)
    {
        byte[] body = MemoryPackSerializer.Serialize(value);
        var bytes = new byte[body.Length + 1];
        bytes[0] = Version;
        body.CopyTo(bytes, 1);
        return bytes;
    }

    public TValue Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            throw new MalformedRecordException($"Not a {typeof(TValue).Name} of version {Version}: {(bytes.IsEmpty ? "no bytes" : $"version byte {bytes[0]}")}.");
        }

        try
        {
            return MemoryPackSerializer.Deserialize<TValue>(bytes[1..])
                ?? throw new MalformedRecordException($"A {typeof(TValue).Name} must not be null on the wire.");
        }
        catch (Exception cause) when (cause is not (MalformedRecordException or OutOfMemoryException))
        {
            // Whatever a formatter throws at damaged bytes (overflow, range, its own checks), they are what is wrong.
            throw new MalformedRecordException($"Not a {typeof(TValue).Name}: {cause.Message}", cause);
        }
    }
}
