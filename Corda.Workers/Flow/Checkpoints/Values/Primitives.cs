using System.Reflection;

namespace Corda.Workers.Flow.Checkpoints.Values;

/// <summary>The methods of writer and reader for a field of a primitive type or an enum.</summary>
internal sealed record PrimitiveMethods(MethodInfo Write, MethodInfo Read, int BytesMin);

internal static class Primitives
{
    private static readonly Dictionary<Type, PrimitiveMethods> ByType = new()
    {
        [typeof(bool)] = Of(nameof(FrameGraphWriter.Bool)),
        [typeof(byte)] = Of(nameof(FrameGraphWriter.Byte)),
        [typeof(sbyte)] = Of(nameof(FrameGraphWriter.SByte)),
        [typeof(char)] = Of(nameof(FrameGraphWriter.Char)),
        [typeof(short)] = Of(nameof(FrameGraphWriter.Int16)),
        [typeof(ushort)] = Of(nameof(FrameGraphWriter.UInt16)),
        [typeof(int)] = Of(nameof(FrameGraphWriter.Int32)),
        [typeof(uint)] = Of(nameof(FrameGraphWriter.UInt32)),
        [typeof(long)] = Of(nameof(FrameGraphWriter.Int64)),
        [typeof(ulong)] = Of(nameof(FrameGraphWriter.UInt64)),
        [typeof(float)] = Of(nameof(FrameGraphWriter.Single), sizeof(float)),
        [typeof(double)] = Of(nameof(FrameGraphWriter.Double), sizeof(double)),
        [typeof(nint)] = Of(nameof(FrameGraphWriter.Native)),
        [typeof(nuint)] = Of(nameof(FrameGraphWriter.Native)),
    };

    /// <summary>The methods for a type, or null where it is no primitive, enum or pointer.</summary>
    public static PrimitiveMethods? Of(Type type)
    {
        if (type.IsPointer || type.IsFunctionPointer) return ByType[typeof(nint)];
        return ByType.GetValueOrDefault(type.IsEnum ? Enum.GetUnderlyingType(type) : type);
    }

    private static PrimitiveMethods Of(string name, int bytesMin = 1) => new(
        typeof(FrameGraphWriter).GetMethod(name)!, typeof(FrameGraphReader).GetMethod(name)!, bytesMin);
}
