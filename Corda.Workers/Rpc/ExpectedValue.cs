using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Corda.Workers.Contracts;

namespace Corda.Workers.Rpc;

/// <summary>Says in words what a type wants at a place in its JSON.</summary>
internal static partial class ExpectedValue
{
    /// <summary>What is expected there; as much of the path as can be followed counts.</summary>
    /// <param name="root">The type of the whole.</param>
    /// <param name="path">A JSON path as <see cref="System.Text.Json.JsonException.Path"/> gives it.</param>
    public static string At(Type root, string path)
    {
        Type type = root;
        foreach (Match step in Step().Matches(path))
        {
            if (Below(type, step.Groups["name"].Value) is not { } below) break;
            type = below;
        }

        return Words(type);
    }

    /// <summary>A type's name as its author writes it.</summary>
    public static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.Name;

    private static Type? Below(Type type, string name)
    {
        JsonTypeInfo info = FlowJson.Strict.GetTypeInfo(type);
        return info.Kind == JsonTypeInfoKind.Object
            ? info.Properties.FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.PropertyType
            : info.ElementType;
    }

    private static string Words(Type declared)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        return Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetNames(type))}",
            TypeCode.String => "a string",
            TypeCode.Boolean => "true or false",
            TypeCode.Int32 => $"an integer from {int.MinValue} to {int.MaxValue}",
            TypeCode.Int64 => $"an integer from {long.MinValue} to {long.MaxValue}",
            TypeCode.Byte or TypeCode.SByte or TypeCode.Int16 or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 => $"an integer of type {type.Name}",
            TypeCode.Decimal or TypeCode.Double or TypeCode.Single => "a number",
            TypeCode.DateTime => "a date and time such as 2030-01-31T12:00:00Z",
            _ when type == typeof(DateTimeOffset) => "a date and time such as 2030-01-31T12:00:00Z",
            _ when type == typeof(TimeSpan) => "a duration such as 00:00:30",
            _ => Structure(type),
        };
    }

    private static string Structure(Type type) => FlowJson.Strict.GetTypeInfo(type).Kind switch
    {
        JsonTypeInfoKind.Enumerable => "an array",
        JsonTypeInfoKind.None => NameOf(type),
        _ => $"an object ({NameOf(type)})",
    };

    [GeneratedRegex(@"\.(?<name>[^.\[]+)|\['(?<name>[^']*)'\]|\[(?<name>[0-9]+)\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Step();
}
