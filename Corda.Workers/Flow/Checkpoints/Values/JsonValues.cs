using System.Text.Json;
using System.Text.Json.Nodes;

namespace Corda.Workers.Flow.Checkpoints.Values;

/// <summary>JSON in checkpoints: as text, read again as it was read by whoever made it, however liberal that was.</summary>
internal static class JsonValues
{
    // What System.Text.Json writes at most, and walks by recursion.
    private const int NodeDepthMax = 1000;

    // A node's names are compared in either case: told by a blank before the text, which JSON skips.
    private const char IgnoresCase = ' ';

    private static readonly JsonDocumentOptions OfElements = new()
    {
        AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = int.MaxValue,
    };

    private static readonly JsonDocumentOptions OfNodes = new() { MaxDepth = NodeDepthMax };

    public static void Write(FrameGraphWriter writer, JsonElement element)
    {
        try
        {
            writer.Text(element.ValueKind == JsonValueKind.Undefined ? "" : element.GetRawText());
        }
        catch (ObjectDisposedException)
        {
            throw writer.Refuse(typeof(JsonElement), "the JsonDocument it is a part of was disposed; keep a Clone() of the element", element);
        }
    }

    public static JsonElement ReadElement(FrameGraphReader reader)
    {
        string text = reader.Text();
        if (text.Length == 0) return default;
        using JsonDocument document = JsonDocument.Parse(text, OfElements);
        return document.RootElement.Clone();
    }

    public static void Write(FrameGraphWriter writer, JsonNode node)
    {
        if (node.Parent is not null) throw writer.Refuse(node.GetType(), "it is a part of another node; hold the whole, or a DeepClone()", node);
        string text;
        try
        {
            text = node.ToJsonString();
        }
        catch (Exception cause) when (cause is InvalidOperationException or JsonException or NotSupportedException or ArgumentException)
        {
            throw writer.Refuse(
                node.GetType(), $"it cannot be written as JSON, which may be {NodeDepthMax} levels deep and has no NaN ({cause.Message}); keep its text or parts of it", node);
        }

        writer.Text(node.Options?.PropertyNameCaseInsensitive == true ? IgnoresCase + text : text);
    }

    public static JsonNode ReadNode(FrameGraphReader reader)
    {
        string text = reader.Text();
        var options = new JsonNodeOptions { PropertyNameCaseInsensitive = text.StartsWith(IgnoresCase) };
        return JsonNode.Parse(text, options, OfNodes) ?? throw FrameGraphReader.Damaged("a JSON node is null");
    }
}
