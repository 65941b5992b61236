using System.Text.Json.Nodes;
using Corda.Workers.Contracts;
using Corda.Workers.Packaging;

namespace Corda.Host.OpenApi;

/// <summary>Requests that would start a flow, made up from its schema and the network that is there.</summary>
internal static class FlowExamples
{
    private const int DepthMax = 8;

    /// <summary>A request that starts the flow on the first of the virtual nodes; the others are its counterparties.</summary>
    public static JsonObject Start(StartableFlowDefinition flow, IReadOnlyList<VirtualNodeInfo> nodes) => new()
    {
        ["clientRequestId"] = $"{flow.Type.Name.ToLowerInvariant()}-1",
        ["flowClassName"] = flow.ClassName,
        ["requestBody"] = Body(flow, nodes),
    };

    private static JsonNode? Body(StartableFlowDefinition flow, IReadOnlyList<VirtualNodeInfo> nodes)
    {
        string[] names = [.. nodes.Skip(1).Select(node => node.Identity.X500Name)];
        var maker = new Maker(names.Length > 0 ? names : ["O=Bob, L=Rome, C=IT"]);
        return maker.Make(FlowSchemas.OfRequest(flow.RequestType, "_"), DepthMax);
    }

    private sealed class Maker(string[] counterparties)
    {
        private int counterpartyNext;

        public JsonNode? Make(JsonNode? schema, int depth)
        {
            if (schema is not JsonObject rules || depth == 0) return null;
            if (rules.TryGetPropertyValue("default", out JsonNode? given)) return given?.DeepClone();
            if (rules["enum"] is JsonArray { Count: > 0 } choices) return choices[0]?.DeepClone();
            if (rules["const"] is { } only) return only.DeepClone();
            return TypeOf(rules) switch
            {
                "object" => MakeObject(rules, depth),
                "array" => MakeArray(rules, depth),
                "integer" => 3,
                "number" => 9.95,
                "boolean" => true,
                "string" => MakeString(rules),
                _ when rules["anyOf"] is JsonArray { Count: > 0 } variants => Make(variants[0], depth - 1),
                _ => null,
            };
        }

        private static string? TypeOf(JsonObject rules) => rules["type"] switch
        {
            JsonArray types => types.Select(type => (string?)type).FirstOrDefault(type => type != "null"),
            JsonValue type => (string?)type,
            _ => null,
        };

        private JsonObject MakeObject(JsonObject rules, int depth)
        {
            var example = new JsonObject();
            foreach ((string name, JsonNode? property) in rules["properties"] as JsonObject ?? []) example[name] = Make(property, depth - 1);
            return example;
        }

        private JsonArray MakeArray(JsonObject rules, int depth)
        {
            if (rules["items"] is not JsonObject items) return [];
            // Several counterparties are what a list of names is for.
            int count = (string?)items["format"] == FlowSchemas.X500Format ? counterparties.Length : 1;
            return [.. Enumerable.Range(0, count).Select(_ => Make(items, depth - 1))];
        }

        private string MakeString(JsonObject rules) => (string?)rules["format"] switch
        {
            FlowSchemas.X500Format => counterparties[counterpartyNext++ % counterparties.Length],
            "date-time" => "2030-01-31T12:00:00Z",
            "date" => "2030-01-31",
            "time" => "12:00:00",
            "uuid" => "7d444840-9dc0-11d1-b245-5ffdce74fad2",
            "uri" => "https://example.com/",
            _ when rules["pattern"] is not null => "00:00:30",
            _ => "hello",
        };
    }
}
