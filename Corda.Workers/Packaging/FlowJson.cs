using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corda.Workers.Packaging;

/// <summary>
/// How JSON becomes the requests, results and payloads of flows, and back: camelCase, enums as strings, and strict where leniency would hand a
/// flow a null that its types rule out.
/// </summary>
internal static class FlowJson
{
    public static readonly JsonSerializerOptions Options = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Converters = { new JsonStringEnumConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
