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
        json = null;
        if (UnreadableText.In(body) is { } unreadable) return unreadable;

        json = body.GetRawText();
        if (Misfit(json, type) is not { } misfit) return null;

        if (JsonIn(body) is { } text)
        {
            json = text;
            misfit = Misfit(text, type);
            if (misfit is null) return null;
        }

        json = null;
        return misfit;
    }

    /// <summary>All that a body may stand for, whatever the flow takes: itself, and the JSON that it is a string of.</summary>
    public static IEnumerable<string> Meanings(JsonElement body) => UnreadableText.In(body) is not null
        ? []
        : JsonIn(body) is { } text ? [body.GetRawText(), text] : [body.GetRawText()];

    private static string? JsonIn(JsonElement body) =>
        body.ValueKind == JsonValueKind.String && body.GetString() is { } text && LooksLikeJson(text) ? text : null;

    private static bool LooksLikeJson(string text) => text.AsSpan().TrimStart() is ['{' or '[', ..];

    private static BodyMisfitReason? Misfit(string json, Type type)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, type, FlowJson.Strict) is null && Nullable.GetUnderlyingType(type) is null)
            {
                return new BodyMisfitReason("$", $"expected {ExpectedValue.At(type, "$")}, not null.");
            }

            // The type need not have read all of it.
            using var document = JsonDocument.Parse(json, FlowJson.Document);
            return UnreadableText.In(document.RootElement);
        }
        catch (JsonException error)
        {
            string path = error.Path ?? "$";
            return new BodyMisfitReason(path, Problem(error, type, path));
        }
        catch (Exception error)
        {
            // Anything else comes from the flow's own type: a constructor or property that refuses the value.
            return new BodyMisfitReason("$", $"{ExpectedValue.NameOf(type)} refuses it: {error.Message}");
        }
    }

    private static string Problem(JsonException error, Type type, string path)
    {
        string message = Position().Replace(error.Message, "").TrimEnd('.');
        Match missing = Missing().Match(message);
        if (missing.Success) return $"{missing.Groups["names"].Value} missing.";
        Match unknown = Unknown().Match(message);
        if (unknown.Success) return $"there is no property {unknown.Groups["name"].Value} in {unknown.Groups["type"].Value.Split('.', '+')[^1]}.";
        return message.Contains("could not be converted to", StringComparison.Ordinal) ? $"expected {ExpectedValue.At(type, path)}." : message + ".";
    }

    // These texts are System.Text.Json's; where one changes, the client gets it as it is.
    [GeneratedRegex(@"\s*Path: .* \| LineNumber: .*$", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Position();

    [GeneratedRegex("missing required properties including: (?<names>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Missing();

    [GeneratedRegex(
        @"JSON property (?<name>'.*') could not be mapped to any \.NET member contained in type '(?<type>.*)'",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unknown();
}
