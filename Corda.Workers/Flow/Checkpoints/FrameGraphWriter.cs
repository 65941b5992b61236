using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// Writes an object graph (format: <see cref="FrameFormat"/>). One per thread, used again; it holds on to nothing between two graphs. Its
/// methods without documentation write one value and are called by compiled code.
/// </summary>
internal sealed class FrameGraphWriter
{
    private const int BufferKept = 256 * 1024;
    private readonly IdentityMap identities = new();
    private byte[] buffer = new byte[4096];
    private int position;
    private TypePlans plans = null!;

    // By object number: the object, its plan while its body is to be written, and the object that first referred to it.
    private object[] objects = new object[64];
    private TypePlan?[] bodies = new TypePlan?[64];
    private int[] referrers = new int[64];
    private int objectCount;
    private int current;
    private int depth;

    // By number of the plan: 1 + the type's place in this graph.
    private int[] typePlaces = new int[64];
    private int[] typesUsed = new int[64];
    private int typeCount;

    public byte[] Write(object root, FlowExternals externals, TypePlans typePlans)
    {
        plans = typePlans;
        position = FrameFormat.HeaderBytes;
        for (int i = 0; i < externals.Services.Count; i++)
        {
            if (!identities.TryGet(externals.Services[i], out _)) identities.Add(externals.Services[i], ~i);
        }

        Reference(root);
        for (current = 0; current < objectCount; current++) bodies[current]?.WriteBody(this, objects[current]);
        Need(FrameFormat.ChecksumBytes);
        position += FrameFormat.ChecksumBytes;
        byte[] frames = buffer.AsSpan(0, position).ToArray();
        FrameFormat.Seal(frames, SdkTypeTable.Layout);
        return frames;
    }

    /// <summary>Lets go of everything, also after a failure in the middle of a graph.</summary>
    public void Reset()
    {
        identities.Clear();
        Array.Clear(objects, 0, objectCount);
        Array.Clear(bodies, 0, objectCount);
        for (int i = 0; i < typeCount; i++) typePlaces[typesUsed[i]] = 0;
        objectCount = typeCount = current = depth = 0;
        plans = null!;
        if (buffer.Length > BufferKept) buffer = new byte[BufferKept];
        if (objects.Length > BufferKept) (objects, bodies, referrers) = (new object[64], new TypePlan?[64], new int[64]);
    }

    public void Reference(object? value)
    {
        if (value is null)
        {
            Byte(FrameFormat.Null);
            return;
        }

        if (identities.TryGet(value, out int number))
        {
            Known(number);
            return;
        }

        TypePlan plan = plans.Of(value.GetType());
        NewOf(plan);
        if (plan.StandsWhole)
        {
            if (++depth > FrameFormat.NestingMax)
            {
                throw Refuse(value.GetType(), "it is nested too deeply; build it anew after the await", value);
            }

            plan.WriteNew(this, value);
            depth--;
            Add(value, null);
        }
        else
        {
            Add(value, plan);
            plan.WriteNew(this, value);
        }
    }

    /// <summary>A reference where only a string can be.</summary>
    public void StringReference(string? value)
    {
        if (value is null)
        {
            Byte(0);
        }
        else if (identities.TryGet(value, out int number))
        {
            Varint((uint)number + 2);
        }
        else
        {
            Byte(1);
            Text(value);
            Add(value, null);
        }
    }

    /// <summary>The characters of a string, without identity. UTF-8 where that is lossless.</summary>
    public void Text(string value)
    {
        int room = Encoding.UTF8.GetMaxByteCount(value.Length);
        Need(room + 10);
        int start = position;
        int lengthBytes = VarintBytes((uint)value.Length << 1);
        if (Utf8.FromUtf16(value, buffer.AsSpan(start + lengthBytes), out _, out int written, replaceInvalidSequences: false)
            == OperationStatus.Done && VarintBytes((uint)written << 1) == lengthBytes)
        {
            Varint((uint)written << 1);
            position += written;
            return;
        }

        // A lone surrogate, or a length whose varint grew: the characters as they are.
        Varint(((uint)value.Length << 1) | 1);
        Raw(MemoryMarshal.AsBytes(value.AsSpan()));
    }

    public void TypeCode(byte[] code)
    {
        Varint((uint)code.Length);
        Raw(code);
    }

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Need(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(position));
        position += bytes.Length;
    }

    public void Byte(byte value)
    {
        Need(1);
        buffer[position++] = value;
    }

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void SByte(sbyte value) => Byte((byte)value);

    public void Char(char value) => Varint(value);

    public void Int16(short value) => Int32(value);

    public void UInt16(ushort value) => Varint(value);

    public void Int32(int value) => Varint((uint)((value << 1) ^ (value >> 31)));

    public void UInt32(uint value) => Varint(value);

    public void Int64(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void UInt64(ulong value) => Varint(value);

    public void Single(float value)
    {
        Need(4);
        BinaryPrimitives.WriteSingleLittleEndian(buffer.AsSpan(position), value);
        position += 4;
    }

    public void Double(double value)
    {
        Need(8);
        BinaryPrimitives.WriteDoubleLittleEndian(buffer.AsSpan(position), value);
        position += 8;
    }

    /// <summary>Pointers and handles mean nothing in another process; only their absence can be saved.</summary>
    public void Native(nint value)
    {
        if (value != 0) throw Refuse(typeof(nint), UnsaveableTypes.Native, null);
        Byte(0);
    }

    /// <summary>The exception to throw for a value that cannot be saved: says where the value stands and what to do.</summary>
    public CheckpointException Refuse(Type type, string whatToDo, object? value)
    {
        var path = new List<object>();
        for (int number = current; objectCount > 0; number = referrers[number])
        {
            path.Add(objects[number]);
            if (number == 0) break;
        }

        path.Reverse();
        return ValuePath.Describe(path, type, value, whatToDo);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Varint(uint value)
    {
        Need(5);
        while (value >= 0x80)
        {
            buffer[position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[position++] = (byte)value;
    }

    public void Varint(ulong value)
    {
        Need(10);
        while (value >= 0x80)
        {
            buffer[position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[position++] = (byte)value;
    }

    private static int VarintBytes(uint value) => (38 - BitOperations.LeadingZeroCount(value | 1)) / 7;

    private void Known(int number)
    {
        if (number >= 0)
        {
            Varint((uint)(FrameFormat.FirstKnown + (number << 1) + 1));
            return;
        }

        Byte(FrameFormat.External);
        Varint((uint)~number);
    }

    private void NewOf(TypePlan plan)
    {
        if (plan.Number >= typePlaces.Length) Array.Resize(ref typePlaces, plan.Number * 2);
        int place = typePlaces[plan.Number];
        if (place > 0)
        {
            Varint((uint)(FrameFormat.FirstKnown + ((place - 1) << 1)));
            return;
        }

        if (typeCount == typesUsed.Length) Array.Resize(ref typesUsed, typeCount * 2);
        typesUsed[typeCount++] = plan.Number;
        typePlaces[plan.Number] = typeCount;
        Byte(FrameFormat.NewType);
        TypeCode(plan.Code);
    }

    private void Add(object value, TypePlan? body)
    {
        if (objectCount == objects.Length)
        {
            Array.Resize(ref objects, objectCount * 2);
            Array.Resize(ref bodies, objectCount * 2);
            Array.Resize(ref referrers, objectCount * 2);
        }

        objects[objectCount] = value;
        bodies[objectCount] = body;
        referrers[objectCount] = current;
        identities.Add(value, objectCount++);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Need(int bytes)
    {
        if (buffer.Length - position < bytes) Grow(bytes);
    }

    private void Grow(int bytes)
    {
        long wanted = Math.Max((long)position + bytes, Math.Min(buffer.Length * 2L, FrameFormat.BytesMax));
        if (position + (long)bytes > FrameFormat.BytesMax)
        {
            throw new CheckpointException(
                $"The flow holds more than {FrameFormat.BytesMax / (1024 * 1024)} MiB across an await. "
                + "Keep what is big in the database and hold its key.");
        }

        Array.Resize(ref buffer, (int)wanted);
    }
}
