using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Corda.Workers.Rpc;

/// <summary>
/// Finds text in well-formed JSON that no .NET string can hold: an escape of half a surrogate pair (<c>"\ud800"</c>), or bytes that are no UTF-8.
/// JSON's grammar allows the escapes, and a type that does not read the text would let them through.
/// </summary>
internal static class UnreadableText
{
    /// <summary>Where such text stands, and what is wrong with it; null where all can be read.</summary>
    public static BodyMisfitReason? In(JsonElement json)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(json);
        if (raw.IndexOf("\\u"u8) < 0 && Utf8.IsValid(raw)) return null;
        return PathIn(json, "$") is { } path ? new BodyMisfitReason(path, "the text is not valid Unicode: it has half of a surrogate pair, or bytes that are no UTF-8.") : null;
    }

    private static string? PathIn(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject()
            .Select(property => TextOf(() => property.Name) is { } name ? PathIn(property.Value, $"{path}.{name}") : path)
            .FirstOrDefault(found => found is not null),
        JsonValueKind.Array => json.EnumerateArray()
            .Select((item, index) => PathIn(item, $"{path}[{index}]"))
            .FirstOrDefault(found => found is not null),
        JsonValueKind.String => TextOf(json.GetString) is null ? path : null,
        _ => null,
    };

    private static string? TextOf(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
