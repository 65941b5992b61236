using System.Reflection;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>
/// Types and methods as bytes. A type is one varint, then the codes of its type arguments: the two low bits say where it is found, the rest
/// which it is there.
/// <code>
/// 0  the framework's table
/// 1  an assembly of the package (its place); the row in its table of types follows. The package is pinned by content, so rows are stable
/// 2  an array; the rank, 0 for a vector; the element's code follows
/// 3  the SDK's table
/// </code>
/// </summary>
internal sealed class TypeCodes(IReadOnlyList<Assembly> assemblies)
{
    private const int TypeDefinitions = 0x02000000;
    private const int RowMask = 0x00ffffff;
    private const int NestingMax = 24;

    /// <summary>The code of a type, or null where the type is in no table and no assembly of the package.</summary>
    public byte[]? Encode(Type type)
    {
        var code = new List<byte>();
        return Encode(type, code) ? code.ToArray() : null;
    }

    /// <summary>The type of a code.</summary>
    /// <exception cref="CheckpointException">There is no such type.</exception>
    public Type DecodeType(ReadOnlySpan<byte> code)
    {
        Type type = Decode(ref code, 0);
        return code.IsEmpty ? type : throw FrameGraphReader.Damaged("a type's code is too long");
    }

    /// <summary>The code of a method that a type of the package declares, or null where it is another's.</summary>
    public byte[]? Encode(MethodInfo method)
    {
        var code = new List<byte>();
        if (method.DeclaringType is not { } declaring || !Declares(declaring) || !Encode(declaring, code)) return null;
        Append(code, method.MetadataToken & RowMask);
        foreach (Type argument in method.IsGenericMethod ? method.GetGenericArguments() : [])
        {
            if (!Encode(argument, code)) return null;
        }

        return [.. code];
    }

    /// <summary>The method of a code, declared by a type of the package.</summary>
    /// <exception cref="CheckpointException">There is no such method.</exception>
    public MethodInfo DecodeMethod(ReadOnlySpan<byte> code)
    {
        Type declaring = Decode(ref code, 0);
        if (!Declares(declaring)) throw FrameGraphReader.Damaged($"it holds a delegate to a method of {declaring}");
        int row = Number(ref code);
        MethodInfo method = Array.Find(AllMethods(declaring), m => (m.MetadataToken & RowMask) == row)
            ?? throw FrameGraphReader.Damaged($"{declaring} has no method {row:x}");
        int arity = method.GetGenericArguments().Length;
        if (arity > 0) method = method.MakeGenericMethod(Arguments(arity, ref code, 0));
        return code.IsEmpty ? method : throw FrameGraphReader.Damaged("a method's code is too long");
    }

    /// <summary>Whether an assembly of the package declares the type.</summary>
    public bool Declares(Type type) => IndexOf(type.Assembly) >= 0;

    private static MethodInfo[] AllMethods(Type type) => type.GetMethods(
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);

    private static void Append(List<byte> code, int value)
    {
        for (; value >= 0x80; value >>= 7) code.Add((byte)(value | 0x80));
        code.Add((byte)value);
    }

    private static int Number(ref ReadOnlySpan<byte> code)
    {
        int value = 0;
        for (int shift = 0; shift < 28 && !code.IsEmpty; shift += 7)
        {
            byte part = code[0];
            code = code[1..];
            value |= (part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        throw FrameGraphReader.Damaged("a type's code ends too early");
    }

    private bool Encode(Type type, List<byte> code)
    {
        if (type.IsArray)
        {
            Append(code, ((type.IsSZArray ? 0 : type.GetArrayRank()) << 2) | 2);
            return Encode(type.GetElementType()!, code);
        }

        if (type.IsByRef || type.IsPointer || type.IsFunctionPointer || type.IsByRefLike || type.IsGenericParameter) return false;
        Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (FrameworkTypeTable.PlaceOf(definition) is { } place)
        {
            Append(code, place << 2);
        }
        else if (SdkTypeTable.PlaceOf(definition) is { } sdkPlace)
        {
            Append(code, (sdkPlace << 2) | 3);
        }
        else if (IndexOf(definition.Assembly) is >= 0 and var index)
        {
            Append(code, (index << 2) | 1);
            Append(code, definition.MetadataToken & RowMask);
        }
        else
        {
            return false;
        }

        return !type.IsGenericType || Array.TrueForAll(type.GetGenericArguments(), argument => Encode(argument, code));
    }

    private Type Decode(ref ReadOnlySpan<byte> code, int nesting)
    {
        if (nesting > NestingMax) throw FrameGraphReader.Damaged("a type is nested too deeply");
        int head = Number(ref code);
        int which = head >> 2;
        if ((head & 3) == 2) return ArrayOf(Decode(ref code, nesting + 1), which);
        Type definition = (head & 3) switch
        {
            0 => FrameworkTypeTable.At(which),
            3 => SdkTypeTable.At(which),
            _ => PackageType(which, Number(ref code)),
        };
        if (!definition.IsGenericTypeDefinition) return definition;
        return definition.MakeGenericType(Arguments(definition.GetGenericArguments().Length, ref code, nesting + 1));
    }

    private Type[] Arguments(int count, ref ReadOnlySpan<byte> code, int nesting)
    {
        var arguments = new Type[count];
        for (int i = 0; i < count; i++) arguments[i] = Decode(ref code, nesting);
        return arguments;
    }

    private static Type ArrayOf(Type element, int rank) => rank switch
    {
        0 => element.MakeArrayType(),
        <= 32 => element.MakeArrayType(rank),
        _ => throw FrameGraphReader.Damaged($"an array has rank {rank}"),
    };

    private Type PackageType(int assembly, int row)
    {
        if (assembly >= assemblies.Count) throw FrameGraphReader.Damaged($"it refers to assembly {assembly} of {assemblies.Count}");
        Type type = assemblies[assembly].ManifestModule.ResolveType(TypeDefinitions | row);
        return type.IsByRefLike ? throw FrameGraphReader.Damaged($"{type} lives on the stack only") : type;
    }

    private int IndexOf(Assembly assembly)
    {
        for (int i = 0; i < assemblies.Count; i++)
        {
            if (ReferenceEquals(assemblies[i], assembly)) return i;
        }

        return -1;
    }
}
