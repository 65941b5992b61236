using System.Text.Json.Nodes;
using Corda.Host.Api;
using Corda.Workers.Packaging;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Corda.Host.OpenApi;

/// <summary>
/// Writes the flows that can be started here into the API document: the virtual nodes to choose from, one ready example for each flow, and the schemas of
/// what each takes and answers. So Swagger UI starts any flow by choosing it and filling in its fields.
/// </summary>
internal sealed class FlowDocument(VirtualNodeView nodes, StartableFlows startable) : IOpenApiDocumentTransformer
{
    private const string NodeParameter = "holdingIdentityShortHash";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info.Title = "Corda";
        document.Info.Version = "v1";
        document.Info.Description = "Start flows on virtual nodes and see where they stand.";
        document.Tags = new HashSet<OpenApiTag> { new() { Name = "Flows" }, new() { Name = "Virtual nodes" }, new() { Name = "Cluster" }, new() { Name = "Health" } };
        OfferNodes(document);
        OfferFlows(document, Flows());
        return Task.CompletedTask;
    }

    private IReadOnlyList<StartableFlowDefinition> Flows() =>
        [.. nodes.All.SelectMany(startable.Of).DistinctBy(flow => flow.ClassName).OrderBy(flow => flow.ClassName, StringComparer.Ordinal)];

    private void OfferNodes(OpenApiDocument document)
    {
        OpenApiParameter[] parameters = [.. Operations(document).SelectMany(operation => operation.Parameters ?? []).OfType<OpenApiParameter>()];
        foreach (OpenApiParameter parameter in parameters.Where(parameter => parameter.Name == "Prefer")) parameter.Example = "wait=10";
        foreach (OpenApiParameter parameter in parameters.Where(parameter => parameter.Name == NodeParameter))
        {
            parameter.Description = "The virtual node's short hash: 12 hex digits.";
            parameter.Examples = nodes.All.ToDictionary(
                node => node.Identity.Name.Organization,
                IOpenApiExample (node) => new OpenApiExample { Summary = node.Identity.X500Name, Value = node.Identity.ShortHash });
        }
    }

    private void OfferFlows(OpenApiDocument document, IReadOnlyList<StartableFlowDefinition> flows)
    {
        OpenApiOperation? start = Operations(document).FirstOrDefault(operation => operation.OperationId == "StartFlow");
        if (flows.Count == 0 || start?.RequestBody?.Content is not { } contents || !contents.TryGetValue("application/json", out var content)) return;

        content.Examples = flows.ToDictionary(
            flow => flow.ClassName,
            IOpenApiExample (flow) => new OpenApiExample { Summary = flow.Type.Name, Value = FlowExamples.Start(flow, nodes.All) });

        var starts = new List<IOpenApiSchema>();
        foreach (StartableFlowDefinition flow in flows)
        {
            Add(document, RequestName(flow), FlowSchemas.OfRequest(flow.RequestType, RequestName(flow)));
            Add(document, ResultName(flow), FlowSchemas.OfResult(flow.ResultType, ResultName(flow)));
            Add(document, StartName(flow), StartSchema(flow));
            starts.Add(new OpenApiSchemaReference(StartName(flow), document));
        }

        content.Schema = new OpenApiSchema { OneOf = starts };
        TellResults(document, flows);
        document.RegisterComponents();
    }

    private static void TellResults(OpenApiDocument document, IReadOnlyList<StartableFlowDefinition> flows)
    {
        if (document.Components!.Schemas![nameof(FlowResultResponse)] is not OpenApiSchema { Properties: { } answer }) return;
        IEnumerable<IOpenApiSchema> results = flows.Select(flow => new OpenApiSchemaReference(ResultName(flow), document));
        answer["json"] = new OpenApiSchema
        {
            Description = "What the flow has answered; null unless it is COMPLETED.",
            AnyOf = [.. results, new OpenApiSchema { Type = JsonSchemaType.Null }],
        };
    }

    private static JsonObject StartSchema(StartableFlowDefinition flow) => new()
    {
        ["type"] = "object",
        ["title"] = flow.Type.Name,
        ["description"] = $"Starts {flow.ClassName}; its result is a {ResultName(flow)}.",
        ["required"] = new JsonArray("clientRequestId", "flowClassName", "requestBody"),
        ["properties"] = new JsonObject
        {
            ["clientRequestId"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[-._A-Za-z0-9]{1,242}$" },
            ["flowClassName"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray(flow.ClassName) },
            ["requestBody"] = new JsonObject { ["$ref"] = $"#/components/schemas/{RequestName(flow)}" },
        },
    };

    private static void Add(OpenApiDocument document, string name, JsonNode schema)
    {
        IOpenApiSchema? parsed = OpenApiModelFactory.Parse<OpenApiSchema>(schema.ToJsonString(), OpenApiSpecVersion.OpenApi3_1, document, out _, "json");
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        document.Components.Schemas[name] = parsed ?? new OpenApiSchema();
    }

    private static IEnumerable<OpenApiOperation> Operations(OpenApiDocument document) =>
        document.Paths.Values.SelectMany(path => path.Operations?.Values.AsEnumerable() ?? []);

    // A component's name has letters, digits, dots and dashes; of a nested class also the outer one.
    private static string StartName(StartableFlowDefinition flow) => flow.ClassName.Replace('+', '.');

    private static string RequestName(StartableFlowDefinition flow) => StartName(flow) + ".Request";

    private static string ResultName(StartableFlowDefinition flow) => StartName(flow) + ".Result";
}
