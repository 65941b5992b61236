using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Corda.Workers.Flow.Checkpoints.Values;

internal sealed class ArraySegmentCodec<T> : ValueCodec<ArraySegment<T>>
{
    public override void Write(FrameGraphWriter writer, ref ArraySegment<T> value)
    {
        writer.Reference(value.Array);
        writer.Int32(value.Offset);
        writer.Int32(value.Count);
    }

    public override void Read(FrameGraphReader reader, ref ArraySegment<T> value)
    {
        var array = (T[]?)reader.Reference();
        (int offset, int count) = (reader.Int32(), reader.Int32());
        value = array is null ? default : new ArraySegment<T>(array, offset, count);
    }
}

/// <summary>Memory over an array or a string; what another owner holds cannot be saved.</summary>
internal sealed class ReadOnlyMemoryCodec<T> : ValueCodec<ReadOnlyMemory<T>>
{
    public override int BytesMin => 3;

    public override void Write(FrameGraphWriter writer, ref ReadOnlyMemory<T> value)
    {
        int start;
        int length;
        if (value is ReadOnlyMemory<char> chars && MemoryMarshal.TryGetString(chars, out string? text, out start, out length))
        {
            writer.Reference(text);
        }
        else if (MemoryMarshal.TryGetArray(value, out ArraySegment<T> segment))
        {
            writer.Reference(segment.Array);
            (start, length) = (segment.Offset, segment.Count);
        }
        else
        {
            throw writer.Refuse(typeof(ReadOnlyMemory<T>), "copy it into an array before the await", null);
        }

        writer.Int32(start);
        writer.Int32(length);
    }

    public override void Read(FrameGraphReader reader, ref ReadOnlyMemory<T> value)
    {
        object? owner = reader.Reference();
        (int start, int length) = (reader.Int32(), reader.Int32());
        value = owner switch
        {
            null => default,
            string text => (ReadOnlyMemory<T>)(object)text.AsMemory(start, length),
            _ => new ReadOnlyMemory<T>((T[])owner, start, length),
        };
    }
}

internal sealed class MemoryCodec<T>(ValueCodec<ReadOnlyMemory<T>> inner) : ValueCodec<Memory<T>>
{
    public override int BytesMin => inner.BytesMin;

    public override void Write(FrameGraphWriter writer, ref Memory<T> value)
    {
        ReadOnlyMemory<T> memory = value;
        inner.Write(writer, ref memory);
    }

    public override void Read(FrameGraphReader reader, ref Memory<T> value)
    {
        ReadOnlyMemory<T> memory = default;
        inner.Read(reader, ref memory);
        // Only an array may be written to; a string must not come back as one.
        value = MemoryMarshal.TryGetArray(memory, out ArraySegment<T> segment)
            ? segment
            : throw FrameGraphReader.Damaged("writable memory lies over a string");
    }
}

internal sealed class ImmutableArrayCodec<T> : ValueCodec<ImmutableArray<T>>
{
    public override void Write(FrameGraphWriter writer, ref ImmutableArray<T> value) =>
        writer.Reference(ImmutableCollectionsMarshal.AsArray(value));

    public override void Read(FrameGraphReader reader, ref ImmutableArray<T> value) =>
        value = ImmutableCollectionsMarshal.AsImmutableArray((T[]?)reader.Reference());
}
