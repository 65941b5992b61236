using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Corda.Workers.Contracts;

/// <summary>
/// Tells a repeated start of a flow from another start under the same client request id. White space, the order of properties and the way
/// characters are escaped make no difference; the digits of a number do (1.0 is not 1).
/// </summary>
internal static class StartFingerprint
{
    /// <summary>SHA-256 over class and canonical request body, hex, lower case.</summary>
    /// <param name="flowClassName">The full name of the class.</param>
    /// <param name="requestBody">Well-formed JSON.</param>
    /// <exception cref="JsonException">The body is not well-formed, has a property twice, or text that is not valid Unicode.</exception>
    public static string Of(string flowClassName, string requestBody)
    {
        var buffer = new ArrayBufferWriter<byte>(requestBody.Length + flowClassName.Length + 1);
        buffer.Write(Encoding.UTF8.GetBytes(flowClassName + "\n"));
        try
        {
            using var document = JsonDocument.Parse(requestBody, FlowJson.Document);
            using var writer = new Utf8JsonWriter(buffer);
            WriteCanonical(writer, document.RootElement);
        }
        catch (InvalidOperationException cause)
        {
            // "\ud800" is well-formed JSON, but no string can hold it.
            throw new JsonException(cause.Message, cause);
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static void WriteCanonical(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty property in element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    WriteCanonical(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray()) WriteCanonical(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(element.GetString());
                break;
            default:
                writer.WriteRawValue(element.GetRawText(), skipInputValidation: true);
                break;
        }
    }
}
