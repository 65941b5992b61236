using System.Reflection;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>Names as the author wrote them, out of those the compiler made.</summary>
internal static class TypeNames
{
    public static string Readable(Type type)
    {
        if (type.IsArray) return $"{Readable(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        string name = (type.FullName ?? type.Name).Replace('+', '.');
        if (!type.IsGenericType) return name;
        return $"{name.Split('[')[0].Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Readable))}>";
    }

    /// <summary>A field as a step of a path: <c>&lt;offer&gt;5__2</c> is the local variable 'offer'.</summary>
    public static string Field(FieldInfo field)
    {
        string name = field.Name;
        int end = name.IndexOf('>', StringComparison.Ordinal);
        bool machine = typeof(System.Runtime.CompilerServices.IAsyncStateMachine).IsAssignableFrom(field.DeclaringType);
        if (name == "<>4__this") return machine ? "this" : ".this";
        if (name.Contains("<>8__", StringComparison.Ordinal)) return "captured variables";
        if (name.StartsWith("<>7__wrap", StringComparison.Ordinal)) return "the loop's or using's own variable";
        if (name.StartsWith("<>3__", StringComparison.Ordinal)) return $".{name[5..]}";
        if (name.StartsWith("<>", StringComparison.Ordinal)) return "a temporary value";
        if (name.StartsWith('<') && end > 1)
        {
            bool local = name[(end + 1)..].StartsWith("5__", StringComparison.Ordinal);
            return local ? $"local variable '{name[1..end]}'" : $".{name[1..end]}";
        }

        return machine ? $"local variable '{name}'" : $".{name}";
    }
}
