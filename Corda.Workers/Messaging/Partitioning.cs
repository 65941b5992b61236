using System.Buffers.Binary;
using System.Diagnostics;

namespace Corda.Workers.Messaging;

/// <summary>Chooses the partition of a key. The choice is part of the wire contract: it never changes for an existing topic.</summary>
internal static class Partitioning
{
    /// <summary>The partition of a key among <paramref name="partitionCount"/>.</summary>
    /// <exception cref="RecordRefusedException">The key is too short for <see cref="Routing.Prefix"/>.</exception>
    public static int PartitionOf(Routing routing, ReadOnlySpan<byte> key, int partitionCount) => routing switch
    {
        Routing.Prefix => (int)(PrefixOf(key) % (uint)partitionCount),
        Routing.Hash => (Murmur2(key) & 0x7FFF_FFFF) % partitionCount,
        Routing.One => 0,
        _ => throw new UnreachableException($"Routing {routing}"),
    };

    private static uint PrefixOf(ReadOnlySpan<byte> key) => key.Length >= sizeof(uint)
        ? BinaryPrimitives.ReadUInt32BigEndian(key)
        : throw new RecordRefusedException($"A key of {key.Length} bytes cannot be routed by its first four bytes. Use a longer key or Routing.Hash.");

    // The hash of Kafka's default partitioner, so that any other client that writes by key hits the same partition.
    private static int Murmur2(ReadOnlySpan<byte> data)
    {
        const uint seed = 0x9747b28c;
        const uint m = 0x5bd1e995;
        const int r = 24;
        uint h = seed ^ (uint)data.Length;
        while (data.Length >= sizeof(uint))
        {
            uint k = BinaryPrimitives.ReadUInt32LittleEndian(data);
            k *= m;
            k ^= k >> r;
            k *= m;
            h = (h * m) ^ k;
            data = data[sizeof(uint)..];
        }

        if (data.Length > 0)
        {
            for (int i = data.Length - 1; i >= 0; i--)
            {
                h ^= (uint)data[i] << (8 * i);
            }

            h *= m;
        }

        h ^= h >> 13;
        h *= m;
        h ^= h >> 15;
        return (int)h;
    }
}
