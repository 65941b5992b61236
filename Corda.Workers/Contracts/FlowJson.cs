using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corda.Workers.Contracts;

/// <summary>
/// How requests, results and session payloads are written as JSON: camel case, enums by name. What a type's author has declared holds: a
/// constructor parameter without a default value must be there, a member that is not nullable must not be null, no property stands twice.
/// </summary>
/// <remarks>
/// Numbers are never read from strings: it would hide mistakes and make every number in the API document "integer or string".
/// Shared by the REST edge and the flow engine, so what the edge accepts the engine can read.
/// </remarks>
internal static class FlowJson
{
    /// <summary>For everything inside: properties that the reader does not know are skipped, so two versions of a flow can talk to each other.</summary>
    public static readonly JsonSerializerOptions Options = Create(JsonUnmappedMemberHandling.Skip);

    /// <summary>For what a client sends: a property that the type does not have is an error, since it is most likely a misspelt one.</summary>
    public static readonly JsonSerializerOptions Strict = Create(JsonUnmappedMemberHandling.Disallow);

    /// <summary>For documents whose type is not known yet: as strict about form as <see cref="Options"/>.</summary>
    public static readonly JsonDocumentOptions Document = new() { AllowDuplicateProperties = false };

    private static JsonSerializerOptions Create(JsonUnmappedMemberHandling unmapped)
    {
        var options = new JsonSerializerOptions(JsonSerializerOptions.Default)
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DictionaryKeyPolicy = null,
            PropertyNameCaseInsensitive = true,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
            AllowDuplicateProperties = false,
            UnmappedMemberHandling = unmapped,
            Converters = { new JsonStringEnumConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
