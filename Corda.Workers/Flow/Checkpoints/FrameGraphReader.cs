using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// Reads an object graph (format: <see cref="FrameFormat"/>). Trusts nothing: every length is checked against the bytes that are left,
/// every reference against the type of the field it goes into. One per thread, used again; it holds on to nothing between two graphs.
/// </summary>
internal sealed class FrameGraphReader
{
    private const int BufferKept = 256 * 1024;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly List<(int Owner, Action Build)> keyed = [];
    private readonly List<Action> enumerators = [];
    private byte[] buffer = new byte[4096];
    private int position;
    private int end;
    private TypePlans plans = null!;
    private FlowExternals services = null!;
    private object[] objects = new object[64];
    private TypePlan?[] bodies = new TypePlan?[64];
    private int objectCount;
    private TypePlan[] types = new TypePlan[32];
    private int typeCount;
    private int depth;

    // The object whose body is being read, and (only where it matters) who refers to whom.
    private int current = -1;
    private List<(int From, int To)>? references;

    // Bytes that objects already allocated will need at least for their bodies: no byte justifies two allocations.
    private long reserved;

    public object Read(ReadOnlySpan<byte> frames, FlowExternals externals, TypePlans typePlans)
    {
        plans = typePlans;
        services = externals;
        if (buffer.Length < frames.Length) buffer = new byte[frames.Length];
        frames.CopyTo(buffer);
        end = frames.Length - FrameFormat.ChecksumBytes;
        object root = ReadGraph();
        if (keyed.Count > 1)
        {
            // Rare. One may hash or compare what is in another, so their order matters; once more, taking note of who refers to whom.
            Clear();
            references = [];
            root = ReadGraph();
        }

        CompleteCollections();
        return root;
    }

    /// <summary>Lets go of everything, also after a failure in the middle of a graph.</summary>
    public void Reset()
    {
        Clear();
        references = null;
        plans = null!;
        services = null!;
        if (buffer.Length > BufferKept) buffer = new byte[BufferKept];
        if (objects.Length > BufferKept) (objects, bodies) = (new object[64], new TypePlan?[64]);
    }

    private object ReadGraph()
    {
        position = FrameFormat.HeaderBytes;
        object root = Reference() ?? throw Damaged("it has no root");
        for (int i = 0; i < objectCount; i++)
        {
            if (bodies[i] is not { } plan) continue;
            current = i;
            reserved -= plan.BodyBytesMin(objects[i]);
            plan.ReadBody(this, objects[i]);
        }

        if (position != end) throw Damaged($"{end - position} bytes are left over");
        return root;
    }

    private void Clear()
    {
        Array.Clear(objects, 0, objectCount);
        Array.Clear(bodies, 0, objectCount);
        Array.Clear(types, 0, typeCount);
        keyed.Clear();
        enumerators.Clear();
        objectCount = typeCount = depth = 0;
        current = -1;
        reserved = 0;
    }

    /// <summary>Puts off what needs the keys of a collection whole: they are hashed or compared by the flow's own code.</summary>
    public void WhenAllIsRead(Action build) => keyed.Add((current, build));

    /// <summary>Puts off what needs whole collections.</summary>
    public void WhenCollectionsAreBuilt(Action build) => enumerators.Add(build);

    public object? Reference()
    {
        uint token = Varint();
        switch (token)
        {
            case FrameFormat.Null: return null;
            case FrameFormat.External: return Service((int)Varint());
            case FrameFormat.NewType: return NewOf(NewType());
        }

        token -= FrameFormat.FirstKnown;
        int number = (int)(token >> 1);
        if ((token & 1) == 1)
        {
            references?.Add((current, number));
            return ObjectAt((uint)number);
        }

        return NewOf(number < typeCount ? types[number] : throw Damaged($"it refers to type {number} of {typeCount}"));
    }

    public string? StringReference()
    {
        uint token = Varint();
        if (token == 0) return null;
        if (token > 1) return (string)ObjectAt(token - 2);
        string text = Text();
        Add(text, null);
        return text;
    }

    public string Text()
    {
        uint header = Varint();
        int length = (int)(header >> 1);
        if ((header & 1) == 0) return StrictUtf8.GetString(Raw(length));
        if (length > (end - position) / sizeof(char)) throw Damaged("it ends within a string");
        return new string(MemoryMarshal.Cast<byte, char>(Raw(length * sizeof(char))));
    }

    public ReadOnlySpan<byte> TypeCode()
    {
        uint length = Varint();
        return Raw(length <= int.MaxValue ? (int)length : throw Damaged("a type's code is too long"));
    }

    public ReadOnlySpan<byte> Raw(int bytes)
    {
        Need(bytes);
        ReadOnlySpan<byte> raw = buffer.AsSpan(position, bytes);
        position += bytes;
        return raw;
    }

    /// <summary>The number of items that follow, each of them at least so many bytes long.</summary>
    public int Count(int itemBytesMin)
    {
        uint count = Varint();
        long left = end - position - reserved;
        if (count * (long)itemBytesMin > left) throw Damaged($"it claims {count} items and has {left} bytes for them");
        return (int)count;
    }

    public byte Byte()
    {
        Need(1);
        return buffer[position++];
    }

    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        byte other => throw Damaged($"a truth value is {other}"),
    };

    public sbyte SByte() => (sbyte)Byte();

    public char Char() => checked((char)Varint());

    public short Int16() => checked((short)Int32());

    public ushort UInt16() => checked((ushort)Varint());

    public int Int32()
    {
        uint value = Varint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    public uint UInt32() => Varint();

    public long Int64()
    {
        ulong value = UInt64();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public ulong UInt64()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = Byte();
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        throw Damaged("a number has too many digits");
    }

    public float Single() => BinaryPrimitives.ReadSingleLittleEndian(Raw(4));

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Raw(8));

    public nint Native() => Byte() == 0 ? 0 : throw Damaged("it holds a pointer");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Varint()
    {
        if (position < end && buffer[position] < 0x80) return buffer[position++];
        return LongVarint();
    }

    public static CheckpointException Damaged(string how) => new($"The frames are damaged: {how}.");

    private uint LongVarint()
    {
        uint value = 0;
        for (int shift = 0; shift < 32; shift += 7)
        {
            byte part = Byte();
            value |= (uint)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        throw Damaged("a number has too many digits");
    }

    private object ObjectAt(uint number) =>
        number < objectCount ? objects[number] : throw Damaged($"it refers to object {number} of {objectCount}");

    private object Service(int place) => (uint)place < (uint)services.Services.Count
        ? services.Services[place]
        : throw Damaged($"it refers to platform service {place} of {services.Services.Count}");

    private TypePlan NewType()
    {
        TypePlan plan = plans.ByCode(TypeCode());
        if (typeCount == types.Length) Array.Resize(ref types, typeCount * 2);
        return types[typeCount++] = plan;
    }

    private object NewOf(TypePlan plan)
    {
        if (plan.StandsWhole)
        {
            if (++depth > FrameFormat.NestingMax) throw Damaged("it is nested too deeply");
            object whole = plan.ReadNew(this);
            depth--;
            // What it refers to counts as referred to by the object in whose body it stands.
            references?.Add((objectCount, current));
            references?.Add((current, objectCount));
            Add(whole, null);
            return whole;
        }

        object value = plan.ReadNew(this);
        reserved += plan.BodyBytesMin(value);
        if (reserved > end - position) throw Damaged("it has more objects than bytes for them");
        references?.Add((current, objectCount));
        Add(value, plan);
        return value;
    }

    private void Add(object value, TypePlan? body)
    {
        if (objectCount == objects.Length)
        {
            Array.Resize(ref objects, objectCount * 2);
            Array.Resize(ref bodies, objectCount * 2);
        }

        objects[objectCount] = value;
        bodies[objectCount++] = body;
    }

    /// <summary>Collections first to which others refer: their keys may hash over what is in those.</summary>
    private void CompleteCollections()
    {
        if (references is null) keyed.ForEach(static collection => collection.Build());
        else BuildOrder.Run(keyed, references);
        foreach (Action build in enumerators) build();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Need(int bytes)
    {
        if ((uint)bytes > (uint)(end - position)) throw Damaged("it ends too early");
    }
}
