using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Corda.Workers.Flow.Checkpoints.Values;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>An object, or a boxed struct, by its fields. No constructor runs on restore.</summary>
internal sealed class ObjectPlan(Type type, CompiledFields<object> fields) : TypePlan(type)
{
    public override object ReadNew(FrameGraphReader reader) => RuntimeHelpers.GetUninitializedObject(Type);

    public override long BodyBytesMin(object value) => fields.BytesMin;

    public override void WriteBody(FrameGraphWriter writer, object value) => fields.Write!(writer, value);

    public override void ReadBody(FrameGraphReader reader, object value) => fields.Read!(reader, value);
}

/// <summary>A boxed value that nothing can change: it stands whole.</summary>
internal sealed class BoxPlan<T>(ValueCodec<T> codec) : TypePlan(typeof(T))
    where T : struct
{
    public override bool StandsWhole => true;

    public override void WriteNew(FrameGraphWriter writer, object value) => codec.Write(writer, ref Unsafe.Unbox<T>(value));

    public override object ReadNew(FrameGraphReader reader)
    {
        T value = default;
        codec.Read(reader, ref value);
        return value;
    }
}

/// <summary>An array of any rank; items of primitive types as one block.</summary>
internal sealed class ArrayPlan<T>(Type type, ValueCodec<T> codec) : TypePlan(type)
{
    private readonly int rank = type.GetArrayRank();

    public override void WriteNew(FrameGraphWriter writer, object value)
    {
        var array = (Array)value;
        if (!Type.IsSZArray)
        {
            for (int i = 0; i < rank; i++)
            {
                if (array.GetLowerBound(i) != 0) throw writer.Refuse(Type, "let its indices begin at 0", value);
                writer.UInt32((uint)array.GetLength(i));
            }
        }

        writer.UInt32((uint)array.Length);
    }

    public override object ReadNew(FrameGraphReader reader)
    {
        if (Type.IsSZArray) return new T[reader.Count(codec.BytesMin)];
        var lengths = new int[rank];
        for (int i = 0; i < rank; i++) lengths[i] = checked((int)reader.UInt32());
        int length = reader.Count(codec.BytesMin);
        long product = 1;
        foreach (int part in lengths) product = checked(product * part);
        if (product != length) throw FrameGraphReader.Damaged("an array's lengths do not fit");
        return Array.CreateInstance(typeof(T), lengths);
    }

    public override long BodyBytesMin(object value) => (long)((Array)value).Length * codec.BytesMin;

    public override void WriteBody(FrameGraphWriter writer, object value) => codec.WriteAll(writer, Items((Array)value));

    public override void ReadBody(FrameGraphReader reader, object value) => codec.ReadAll(reader, Items((Array)value));

    // The array is exactly a T[]: the plan was chosen by its runtime type.
    private static Span<T> Items(Array array) => MemoryMarshal.CreateSpan(
        ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);
}

/// <summary>A type of which no object can be saved, and what to do instead.</summary>
internal sealed class RefusedPlan(Type type, string whatToDo) : TypePlan(type)
{
    public override void WriteNew(FrameGraphWriter writer, object value) => throw writer.Refuse(value.GetType(), whatToDo, value);

    public override object ReadNew(FrameGraphReader reader) => throw FrameGraphReader.Damaged($"no object of {Type} can be saved");
}

/// <summary>
/// Objects that stand for themselves in every process, such as <see cref="StringComparer.Ordinal"/>: by their place in a list.
/// </summary>
internal sealed class WellKnownPlan(Type type, params object[] known) : TypePlan(type)
{
    public override bool StandsWhole => true;

    public override void WriteNew(FrameGraphWriter writer, object value)
    {
        int place = Array.FindIndex(known, k => ReferenceEquals(k, value));
        if (place < 0) place = Array.IndexOf(known, value);
        if (place < 0) throw writer.Refuse(value.GetType(), $"use one of {string.Join(", ", known)}, or a class of your own", value);
        writer.Byte((byte)place);
    }

    public override object ReadNew(FrameGraphReader reader) =>
        reader.Byte() is var place && place < known.Length ? known[place] : throw FrameGraphReader.Damaged($"there is no {Type} {place}");
}

/// <summary>A value of the framework that nothing can change, as text or numbers.</summary>
internal sealed class LeafPlan<T>(Action<FrameGraphWriter, T> write, Func<FrameGraphReader, T> read) : TypePlan(typeof(T))
    where T : class
{
    public override bool StandsWhole => true;

    public override void WriteNew(FrameGraphWriter writer, object value) => write(writer, (T)value);

    public override object ReadNew(FrameGraphReader reader) => read(reader);
}
