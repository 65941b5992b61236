using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// The bytes of a saved flow. One frame around the graph: version byte, layout of the SDK's own types (2 bytes), graph, CRC-32C (4 bytes,
/// little endian). The checksum finds damage before anything is brought to life; the bounds in <see cref="FrameGraphReader"/> hold off
/// what was damaged on purpose.
/// </summary>
/// <remarks>
/// The graph is a queue of objects, never a recursion: the first reference to an object says its type and what its allocation needs, and
/// the object's body follows when its turn comes. A reference is a varint:
/// <code>
/// 0            null
/// 1            a platform service; its place follows
/// 2            a new object of a type not seen yet; the type's code follows
/// 3 + 2n       a new object of the n-th type of this graph
/// 3 + 2n + 1   the n-th object of this graph
/// </code>
/// Values that cannot change once made (strings, boxed numbers, delegates, addresses) stand whole where they are first referred to.
/// </remarks>
internal static class FrameFormat
{
    /// <summary>Raised when the graph's encoding or the order of the type tables changes.</summary>
    public const byte Version = 1;

    /// <summary>No flow's frames may be bigger; what a flow works on in bulk belongs into the database.</summary>
    public const int BytesMax = 64 * 1024 * 1024;

    public const int HeaderBytes = 3;
    public const int ChecksumBytes = 4;

    public const int Null = 0;
    public const int External = 1;
    public const int NewType = 2;
    public const int FirstKnown = 3;

    /// <summary>How deep values that stand whole may nest: delegates of delegates, boxes of boxes.</summary>
    public const int NestingMax = 100;

    /// <summary>Writes the header and the checksum around the graph, which stands at <see cref="HeaderBytes"/>.</summary>
    public static void Seal(Span<byte> frames, ushort sdkLayout, byte version = Version)
    {
        frames[0] = version;
        BinaryPrimitives.WriteUInt16LittleEndian(frames[1..], sdkLayout);
        BinaryPrimitives.WriteUInt32LittleEndian(frames[^ChecksumBytes..], Crc32C(frames[..^ChecksumBytes]));
    }

    /// <summary>Checks header and checksum.</summary>
    /// <exception cref="CheckpointException">Damaged.</exception>
    /// <exception cref="ForeignCheckpointException">Sound, but of another version or layout.</exception>
    public static void Check(ReadOnlySpan<byte> frames, ushort sdkLayout)
    {
        if (frames.Length is < HeaderBytes + ChecksumBytes or > BytesMax)
        {
            throw new CheckpointException($"These are not the frames of a flow: {frames.Length} bytes.");
        }

        // First, in every version: what is damaged must not look like another build's, for which the flow would wait in vain.
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(frames[^ChecksumBytes..]);
        uint found = Crc32C(frames[..^ChecksumBytes]);
        if (stored != found) throw new CheckpointException($"The frames are damaged: checksum {found:x8}, stored {stored:x8}.");

        if (frames[0] != Version)
        {
            throw new ForeignCheckpointException(
                $"The frames have format version {frames[0]}, this worker reads version {Version}. "
                + "Start a worker of the version that wrote them: it finishes the flow.");
        }

        ushort layout = BinaryPrimitives.ReadUInt16LittleEndian(frames[1..]);
        if (layout != sdkLayout)
        {
            throw new ForeignCheckpointException(
                $"The frames were saved with another build of Corda.Flows.Sdk (layout {layout:x4}, here {sdkLayout:x4}). "
                + "Start a worker of that build: it finishes the flow.");
        }
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (ulong eight in MemoryMarshal.Cast<byte, ulong>(bytes)) crc = BitOperations.Crc32C(crc, eight);
        foreach (byte one in bytes[(bytes.Length & ~7)..]) crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }
}
