using Corda.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Corda.Host;

/// <summary>
/// <c>/health/live</c>: every loop of this process has come round lately; if not, restart it. <c>/health/ready</c>: every role here can do its work, and the bus
/// takes a record; if not, send it nothing. Both answer 200 or 503 and say why.
/// </summary>
internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        RouteGroupBuilder health = endpoints.MapGroup("/health").WithTags("Health");
        health.MapGet("/live", (WorkerHealth workers) => Live(workers.Report()))
            .WithName("GetLiveness").WithSummary("Whether the process is alive").Produces<HealthResponse>().Produces<HealthResponse>(503);
        health.MapGet("/ready", async (WorkerHealth workers) => Ready(await workers.ProbeAsync()))
            .WithName("GetReadiness").WithSummary("Whether every role here can do its work").Produces<HealthResponse>().Produces<HealthResponse>(503);
    }

    private static JsonHttpResult<HealthResponse> Live(HealthReport report) => Answer(report.Stuck.Count == 0 ? "live" : "stuck", report.Stuck, report);

    private static JsonHttpResult<HealthResponse> Ready(HealthReport report) => Answer(report.Missing.Count == 0 ? "ready" : "not ready", report.Missing, report);

    private static JsonHttpResult<HealthResponse> Answer(string status, IReadOnlyList<string> problems, HealthReport report)
    {
        Dictionary<string, IReadOnlyList<PartHealth>> roles = report.Roles.ToDictionary(role => role.Role.ToString().ToLowerInvariant(), role => role.Parts);
        return TypedResults.Json(new HealthResponse(status, problems, roles), statusCode: problems.Count == 0 ? 200 : 503);
    }

    internal sealed record HealthResponse(string Status, IReadOnlyList<string> Problems, IReadOnlyDictionary<string, IReadOnlyList<PartHealth>> Roles);
}
