using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Corda.Workers.Contracts;

namespace Corda.Workers.Packaging;

/// <summary>Whether JSON can become a flow's request, down to its last member.</summary>
internal static class RequestTypeRules
{
    public static void Check(string flow, Type request, ICollection<PackageProblem> problems)
    {
        foreach ((string path, Type type, string reason) in Unreadable(request, "$", []))
        {
            string member = path == "$" ? "" : $", at {path} of {request.Name}";
            problems.Add(new PackageProblem(
                flow,
                $"JSON cannot become a {type.Name}{member}: {reason.TrimEnd('.')}",
                "Make it a record, a class with one public constructor, a collection or a simple value"));
        }
    }

    private static IEnumerable<(string Path, Type Type, string Reason)> Unreadable(Type declared, string path, HashSet<Type> seen)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (!seen.Add(type)) return [];
        try
        {
            JsonTypeInfo info = FlowJson.Options.GetTypeInfo(type);
            return info.Kind switch
            {
                JsonTypeInfoKind.Object when !IsConstructible(info) => [(path, type, "it has no constructor that System.Text.Json can use")],
                JsonTypeInfoKind.Object when UnboundParameter(info) is { } unbound =>
                    [(path, type, $"its constructor's parameter '{unbound}' is no property of that name and type")],
                JsonTypeInfoKind.Object => UnreadableMembers(info, path, seen),
                JsonTypeInfoKind.Enumerable => Probe(info, "[]", path).Concat(Unreadable(info.ElementType!, $"{path}[]", seen)),
                JsonTypeInfoKind.Dictionary => Probe(info, "{}", path).Concat(Unreadable(info.ElementType!, $"{path}.*", seen)),
                _ => Probe(info, "{}", path),
            };
        }
        catch (Exception cause) when (cause is NotSupportedException or InvalidOperationException)
        {
            return [(path, type, cause.Message)];
        }
    }

    private static bool IsConstructible(JsonTypeInfo info) =>
        info.CreateObject is not null
        || info.ConstructorAttributeProvider is not null
        || info.PolymorphismOptions is not null
        || info.Type.IsValueType;

    private static string? UnboundParameter(JsonTypeInfo info)
    {
        if (info.CreateObject is not null || info.ConstructorAttributeProvider is not ConstructorInfo constructor) return null;
        HashSet<string> bound = [.. info.Properties.Select(p => p.AssociatedParameter?.Name).OfType<string>()];
        return constructor.GetParameters().Select(p => p.Name!).FirstOrDefault(name => !bound.Contains(name));
    }

    private static IEnumerable<(string Path, Type Type, string Reason)> UnreadableMembers(JsonTypeInfo info, string path, HashSet<Type> seen)
    {
        IEnumerable<JsonPropertyInfo> read = info.Properties
            .Where(p => p.CustomConverter is null && (p.Set is not null || p.AssociatedParameter is not null));
        IEnumerable<Type> derived = info.PolymorphismOptions?.DerivedTypes.Select(d => d.DerivedType) ?? [];
        return read.SelectMany(p => Unreadable(p.PropertyType, $"{path}.{p.Name}", seen))
            .Concat(derived.SelectMany(d => Unreadable(d, path, seen)));
    }

    // Converters keep to themselves what they cannot read; asking them is the only way to know.
    private static IEnumerable<(string Path, Type Type, string Reason)> Probe(JsonTypeInfo info, string json, string path)
    {
        try
        {
            JsonSerializer.Deserialize(json, info);
        }
        catch (Exception cause) when (cause is NotSupportedException || IsMissingCode(cause))
        {
            return [(path, info.Type, cause.Message)];
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // The text is ours, and so empty that even a sound converter may refuse it, an author's own with whatever exception it likes.
            return [];
        }

        return [];
    }

    private static bool IsMissingCode(Exception cause) => cause
        is TypeLoadException or TypeInitializationException or MissingMemberException or FileNotFoundException or FileLoadException or BadImageFormatException;
}
