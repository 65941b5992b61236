namespace Corda.Flows.CompilerServices;

/// <summary>Turns the names that the compiler makes up back into those that the author wrote, for error messages.</summary>
internal static class AuthorsNames
{
    /// <summary>The method of a state machine, with its class: <c>Trades.Settle.Call</c>.</summary>
    public static string OfStateMachine(Type stateMachine)
    {
        // The machine of Settle.Call is "Settle+<Call>d__3", that of a local function in it "Settle+<<Call>g__Ask|3_0>d".
        string name = stateMachine.Name;
        int end = name.LastIndexOf('>');
        string method = name.StartsWith('<') && end > 1 ? name[1..end] : name;

        // Lambdas live in closure classes of the compiler's making.
        Type? type = stateMachine.DeclaringType;
        while (type is { DeclaringType: not null } && type.Name.StartsWith('<')) type = type.DeclaringType;
        return $"{type?.FullName}.{OfMethod(method)}";
    }

    /// <summary>A method: <c>&lt;Call&gt;b__0</c> is a lambda in Call, <c>&lt;Call&gt;g__Ask|0</c> its local function Ask.</summary>
    public static string OfMethod(string name)
    {
        int end = name.IndexOf('>', StringComparison.Ordinal);
        if (!name.StartsWith('<') || end < 0) return name;
        string outer = name[1..end];
        return name[(end + 1)..].StartsWith("g__", StringComparison.Ordinal)
            ? $"{outer} (its local function {name[(end + 4)..].Split('|')[0]})"
            : $"{outer} (a lambda in it)";
    }

    /// <summary>A type as it is written in C#, without its namespace.</summary>
    public static string OfType(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(OfType))}>"
        : type == typeof(void) ? "void" : type.Name;
}
