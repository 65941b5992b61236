using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Corda.Flows;
using Corda.Workers.Contracts;

namespace Corda.Host.OpenApi;

/// <summary>JSON schemas of what flows take and answer, from the same reading of the types that decides at the edge.</summary>
internal static class FlowSchemas
{
    /// <summary>Marks the schema of an X.500 name.</summary>
    public const string X500Format = "x500-name";

    private static readonly JsonSchemaExporterOptions Exporter = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Complete };

    /// <summary>What a client may send.</summary>
    public static JsonObject OfRequest(Type type, string component) => Of(type, FlowJson.Strict.GetJsonSchemaAsNode(type, Exporter), component);

    /// <summary>What a client gets.</summary>
    public static JsonObject OfResult(Type type, string component) => Of(type, FlowJson.Options.GetJsonSchemaAsNode(type, Exporter), component);

    // What the exporter cannot know or leaves out: X.500 names are written by a converter of their own, enums by name.
    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (context.TypeInfo.Type == typeof(MemberX500Name)) return X500Name();
        if (schema is not JsonObject rules) return schema;

        if (rules.ContainsKey("enum") && !rules.ContainsKey("type")) rules["type"] = "string";
        if (context.TypeInfo.ElementType == typeof(MemberX500Name))
        {
            rules[context.TypeInfo.Kind == JsonTypeInfoKind.Dictionary ? "additionalProperties" : "items"] = X500Name();
        }

        return rules;
    }

    private static JsonObject X500Name() =>
        new() { ["type"] = "string", ["format"] = X500Format, ["description"] = "The X.500 name of a member, such as O=Alice, L=London, C=GB" };

    private static JsonObject Of(Type type, JsonNode schema, string component)
    {
        Rebase(schema, component);
        if (schema is not JsonObject named) return new JsonObject { ["title"] = type.Name };
        NotNull(named);
        return named;
    }

    // The exporter writes "null" into the type of a reference type's root; a flow's request and result are what they are.
    private static void NotNull(JsonObject schema)
    {
        if (schema["type"] is JsonArray { Count: 2 } types) schema["type"] = types.Select(t => (string)t!).First(t => t != "null");
    }

    // A recursive type refers to its own root as "#"; as a part of the document that is elsewhere.
    private static void Rebase(JsonNode? node, string component)
    {
        if (node is JsonArray items)
        {
            foreach (JsonNode? item in items) Rebase(item, component);
        }
        else if (node is JsonObject members)
        {
            if (members["$ref"] is JsonValue reference && (string)reference! is ['#', .. string rest]) members["$ref"] = $"#/components/schemas/{component}{rest}";
            foreach ((_, JsonNode? member) in members.ToArray()) Rebase(member, component);
        }
    }
}
