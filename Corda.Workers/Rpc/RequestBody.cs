using System.Text.Json;
using System.Text.RegularExpressions;
using Corda.Workers.Contracts;

namespace Corda.Workers.Rpc;

/// <summary>Tries what a client sends against the type that the flow takes.</summary>
internal static partial class RequestBody
{
    /// <summary>The JSON to start the flow with, or what is wrong with it.</summary>
    /// <param name="body">As sent. A string that holds JSON is taken for that JSON where the type does not read the string itself: so clients of Corda 5 do it.</param>
    /// <param name="type">What the flow takes.</param>
    /// <param name="json">The JSON; null where the body does not fit.</param>
    public static BodyMisfitReason? Check(JsonElement body, Type type, out string? json)
    {
        json = body.GetRawText();
        if (Misfit(json, type) is not { } misfit) return null;

        if (body.ValueKind == JsonValueKind.String && body.GetString() is { } text && LooksLikeJson(text))
        {
            json = text;
            misfit = Misfit(text, type);
            if (misfit is null) return null;
        }

        json = null;
        return misfit;
    }

    private static bool LooksLikeJson(string text) => text.AsSpan().TrimStart() is ['{' or '[', ..];

    private static BodyMisfitReason? Misfit(string json, Type type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type, FlowJson.Strict) is null && Nullable.GetUnderlyingType(type) is null
                ? new BodyMisfitReason("$", $"null is not {ReadableName(type)}.")
                : null;
        }
        catch (JsonException error)
        {
            return new BodyMisfitReason(error.Path ?? "$", Readable(error));
        }
        catch (Exception error)
        {
            // Anything else comes from the flow's own type: a constructor or property that refuses the value.
            return new BodyMisfitReason("$", $"{ReadableName(type)} refuses it: {error.Message}");
        }
    }

    private static string Readable(JsonException error)
    {
        string message = Position().Replace(error.Message, "");
        Match conversion = Conversion().Match(message);
        if (conversion.Success) message = $"expected {Expected(conversion.Groups["type"].Value)}";
        else if (error.InnerException is FormatException or InvalidOperationException) message = error.InnerException.Message;
        Match missing = Missing().Match(message);
        if (missing.Success) message = $"required and missing: {missing.Groups["names"].Value}";
        Match unknown = Unknown().Match(message);
        if (unknown.Success) message = $"there is no property {unknown.Groups["name"].Value} in {Simple(unknown.Groups["type"].Value)}";
        return message.TrimEnd('.') + ".";
    }

    private static string Expected(string typeName) => Simple(typeName) switch
    {
        "String" => "a string",
        "Boolean" => "true or false",
        "Int32" => "an integer from -2147483648 to 2147483647",
        "Int64" or "Int16" or "Byte" or "UInt32" or "UInt64" or "UInt16" => $"an integer ({Simple(typeName)})",
        "Decimal" or "Double" or "Single" => $"a number ({Simple(typeName)})",
        "DateTimeOffset" or "DateTime" => "a date and time as in 2030-01-31T12:00:00Z",
        "TimeSpan" => "a duration as in 00:00:30",
        var name => $"a value of type {name}",
    };

    private static string Simple(string typeName) => typeName.Split('.', '+')[^1].TrimEnd('\'');

    private static string ReadableName(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(ReadableName))}>"
        : type.Name;

    [GeneratedRegex(@"\s*Path: .* \| LineNumber: .*$", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Position();

    [GeneratedRegex(@"could not be converted to (?<type>[^\s\[`]+?)\.?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Conversion();

    [GeneratedRegex(@"missing required properties including: (?<names>.*?)\.?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Missing();

    [GeneratedRegex(@"JSON property (?<name>'.*') could not be mapped to any \.NET member contained in type '(?<type>.*)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unknown();
}
