using Corda.Flows;

namespace Corda.Workers.Packaging;

/// <summary>Tells the shapes of flow classes apart.</summary>
internal static class FlowShape
{
    /// <summary>Request and result type of a client-startable flow, or null.</summary>
    public static (Type Request, Type Result)? StartableTypes(Type type) =>
        BaseOf(type, typeof(ClientStartableFlow<,>)) is { } definition
            ? (definition.GetGenericArguments()[0], definition.GetGenericArguments()[1])
            : null;

    public static bool IsResponder(Type type) => type.IsSubclassOf(typeof(ResponderFlow));

    public static bool IsSubFlow(Type type) => BaseOf(type, typeof(SubFlow<>)) is not null;

    public static bool IsFlow(Type type) => IsResponder(type) || StartableTypes(type) is not null || IsSubFlow(type);

    private static Type? BaseOf(Type type, Type definition)
    {
        for (Type? at = type.BaseType; at is not null; at = at.BaseType)
        {
            if (at.IsGenericType && at.GetGenericTypeDefinition() == definition) return at;
        }

        return null;
    }
}
