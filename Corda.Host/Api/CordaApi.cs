using System.Text.Json;
using System.Text.Json.Serialization;
using Corda.Host.OpenApi;
using Corda.Workers;
using Corda.Workers.Cluster;
using Corda.Workers.Contracts;
using Microsoft.OpenApi;

namespace Corda.Host.Api;

/// <summary>What all of the REST API shares: its JSON, its limits, its document and its base path.</summary>
internal static class CordaApi
{
    /// <summary>Adds what <see cref="MapCordaApi"/> needs.</summary>
    public static void AddCordaApi(this WebApplicationBuilder builder, CordaOptions options)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Rpc.RequestBytesMax;
        });
        builder.Services.ConfigureHttpJsonOptions(http =>
        {
            http.SerializerOptions.RespectNullableAnnotations = true;
            http.SerializerOptions.RespectRequiredConstructorParameters = true;
            http.SerializerOptions.AllowDuplicateProperties = false;
            http.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            http.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            http.SerializerOptions.Converters.Add(new JsonStringEnumConverter<FlowState>(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
            http.SerializerOptions.Converters.Add(new JsonStringEnumConverter<WorkerPhase>(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
            http.SerializerOptions.Converters.Add(new JsonStringEnumConverter<Evidence>(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        });
        builder.Services.AddProblems(options.Rpc);
        if (CordaOptionsReader.Roles(options).Contains(WorkerRole.Rpc)) builder.Services.AddSingleton<FlowEnd>();
        builder.Services.AddOpenApi("v1", document =>
        {
            document.AddDocumentTransformer<FlowDocument>();
            document.AddSchemaTransformer((schema, _, _) =>
            {
                if (schema is { Enum.Count: > 0, Type: null }) schema.Type = JsonSchemaType.String;
                return Task.CompletedTask;
            });
        });
    }

    /// <summary>Maps the API of the rpc role, its document and Swagger UI.</summary>
    public static void MapCordaApi(this WebApplication app)
    {
        RouteGroupBuilder api = app.MapGroup("/api/v1").AddEndpointFilter<PathFilter>();
        api.MapFlows();
        api.MapVirtualNodes();
        api.MapCluster();
        api.MapDeadLetters();
        app.MapOpenApi();
        app.UseSwaggerUI(ui =>
        {
            ui.SwaggerEndpoint("/openapi/v1.json", "Corda v1");
            ui.DocumentTitle = "Corda";
            ui.EnableTryItOutByDefault();
            ui.DisplayRequestDuration();
        });
        app.MapGet("/", () => TypedResults.Redirect("/swagger")).ExcludeFromDescription();
    }
}
