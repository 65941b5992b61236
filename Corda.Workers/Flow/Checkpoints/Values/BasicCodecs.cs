using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Values;

/// <summary>Values every bit pattern of which is valid, as they lie in memory (little endian); many of them as one block.</summary>
internal sealed class BlockCodec<T> : ValueCodec<T>
    where T : struct
{
    public override int BytesMin => Unsafe.SizeOf<T>();

    public override void Write(FrameGraphWriter writer, ref T value) => writer.Raw(Bytes(new Span<T>(ref value)));

    public override void Read(FrameGraphReader reader, ref T value) => ReadAll(reader, new Span<T>(ref value));

    public override void WriteAll(FrameGraphWriter writer, Span<T> values) => writer.Raw(Bytes(values));

    public override void ReadAll(FrameGraphReader reader, Span<T> values)
    {
        Span<byte> bytes = Bytes(values);
        reader.Raw(bytes.Length).CopyTo(bytes);
    }

    // Only chosen for types without references.
    private static Span<byte> Bytes(Span<T> values) => MemoryMarshal.CreateSpan(
        ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(values)), checked(values.Length * Unsafe.SizeOf<T>()));
}

/// <summary>A value through one method of the writer and one of the reader.</summary>
internal sealed class SimpleCodec<T>(Action<FrameGraphWriter, T> write, Func<FrameGraphReader, T> read, int bytesMin = 1) : ValueCodec<T>
{
    public override int BytesMin => bytesMin;

    public override void Write(FrameGraphWriter writer, ref T value) => write(writer, value);

    public override void Read(FrameGraphReader reader, ref T value) => value = read(reader);
}

/// <summary>A reference; checked against the type of the place it goes into.</summary>
internal sealed class ReferenceCodec<T> : ValueCodec<T>
{
    public override void Write(FrameGraphWriter writer, ref T value) => writer.Reference(value);

    public override void Read(FrameGraphReader reader, ref T value) => value = (T)reader.Reference()!;
}

/// <summary>A struct by its fields.</summary>
internal sealed class FieldsCodec<T>(CompiledFields<T> fields) : ValueCodec<T>
{
    public override int BytesMin => Math.Max(1, fields.BytesMin);

    public override void Write(FrameGraphWriter writer, ref T value)
    {
        fields.WriteStruct!(writer, ref value);
        if (fields.BytesMin == 0) writer.Byte(0);
    }

    public override void Read(FrameGraphReader reader, ref T value)
    {
        fields.ReadStruct!(reader, ref value);
        if (fields.BytesMin == 0) reader.Byte();
    }
}

internal sealed class NullableCodec<T>(ValueCodec<T> inner) : ValueCodec<T?>
    where T : struct
{
    public override void Write(FrameGraphWriter writer, ref T? value)
    {
        writer.Bool(value.HasValue);
        if (value is not { } present) return;
        inner.Write(writer, ref present);
    }

    public override void Read(FrameGraphReader reader, ref T? value)
    {
        value = null;
        if (!reader.Bool()) return;
        T present = default;
        inner.Read(reader, ref present);
        value = present;
    }
}

/// <summary>A struct that cannot be saved. Its default can: the compiler keeps places for what is not there yet, or no longer.</summary>
internal sealed class RefusedCodec<T>(string whatToDo) : ValueCodec<T>
{
    public override void Write(FrameGraphWriter writer, ref T value)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref value), Unsafe.SizeOf<T>());
        if (bytes.ContainsAnyExcept((byte)0)) throw writer.Refuse(typeof(T), whatToDo, value);
        writer.Byte(0);
    }

    public override void Read(FrameGraphReader reader, ref T value)
    {
        if (reader.Byte() != 0) throw FrameGraphReader.Damaged($"it holds a {typeof(T)}");
        value = default!;
    }
}

/// <summary>The framework's values that are rebuilt, and checked, by their constructors.</summary>
internal static class BasicCodecs
{
    public static readonly Dictionary<Type, object> All = new()
    {
        [typeof(bool)] = new SimpleCodec<bool>((w, v) => w.Bool(v), r => r.Bool()),
        [typeof(nint)] = new SimpleCodec<nint>((w, v) => w.Native(v), r => r.Native()),
        [typeof(nuint)] = new SimpleCodec<nuint>((w, v) => w.Native((nint)v), r => (nuint)r.Native()),
        [typeof(string)] = new SimpleCodec<string?>((w, v) => w.StringReference(v), r => r.StringReference()),
        [typeof(decimal)] = new SimpleCodec<decimal>(WriteDecimal, ReadDecimal, 16),
        [typeof(DateTime)] = new SimpleCodec<DateTime>(WriteDateTime, ReadDateTime, 9),
        [typeof(DateTimeOffset)] = new SimpleCodec<DateTimeOffset>(WriteDateTimeOffset, ReadDateTimeOffset, 9),
        [typeof(TimeSpan)] = new SimpleCodec<TimeSpan>((w, v) => w.Int64(v.Ticks), r => new TimeSpan(r.Int64())),
        [typeof(DateOnly)] = new SimpleCodec<DateOnly>((w, v) => w.Int32(v.DayNumber), r => DateOnly.FromDayNumber(r.Int32())),
        [typeof(TimeOnly)] = new SimpleCodec<TimeOnly>((w, v) => w.Int64(v.Ticks), r => new TimeOnly(r.Int64())),
        [typeof(Rune)] = new SimpleCodec<Rune>((w, v) => w.Int32(v.Value), r => new Rune(r.Int32())),
        [typeof(BigInteger)] = new SimpleCodec<BigInteger>(WriteBigInteger, r => new BigInteger(r.Raw(r.Count(1)))),
        [typeof(CancellationToken)] = new SimpleCodec<CancellationToken>(WriteToken, ReadToken),
        [typeof(JsonElement)] = new SimpleCodec<JsonElement>(JsonValues.Write, JsonValues.ReadElement),
    };

    private static void WriteDecimal(FrameGraphWriter writer, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        writer.Raw(MemoryMarshal.AsBytes(bits));
    }

    private static decimal ReadDecimal(FrameGraphReader reader) => new(MemoryMarshal.Cast<byte, int>(reader.Raw(16)));

    private static void WriteDateTime(FrameGraphWriter writer, DateTime value)
    {
        writer.Byte((byte)value.Kind);
        WriteTicks(writer, value.Ticks);
    }

    private static DateTime ReadDateTime(FrameGraphReader reader)
    {
        var kind = (DateTimeKind)reader.Byte();
        return new DateTime(BinaryPrimitives.ReadInt64LittleEndian(reader.Raw(8)), kind);
    }

    private static void WriteDateTimeOffset(FrameGraphWriter writer, DateTimeOffset value)
    {
        writer.Int32(value.TotalOffsetMinutes);
        WriteTicks(writer, value.Ticks);
    }

    private static DateTimeOffset ReadDateTimeOffset(FrameGraphReader reader)
    {
        TimeSpan offset = TimeSpan.FromMinutes(reader.Int32());
        return new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(reader.Raw(8)), offset);
    }

    private static void WriteTicks(FrameGraphWriter writer, long ticks)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, ticks);
        writer.Raw(bytes);
    }

    private static void WriteBigInteger(FrameGraphWriter writer, BigInteger value)
    {
        byte[] bytes = value.ToByteArray();
        writer.Varint((uint)bytes.Length);
        writer.Raw(bytes);
    }

    private static void WriteToken(FrameGraphWriter writer, CancellationToken value)
    {
        if (value.CanBeCanceled) throw writer.Refuse(typeof(CancellationToken), UnsaveableTypes.Cancellation, value);
        writer.Byte(0);
    }

    private static CancellationToken ReadToken(FrameGraphReader reader) =>
        reader.Byte() == 0 ? CancellationToken.None : throw FrameGraphReader.Damaged("it holds a cancellation token");
}
