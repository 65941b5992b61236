using System.ComponentModel;
using Corda.Workers.Contracts;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Corda.Host.Api;

/// <summary>Flows: start, look, kill.</summary>
internal static class FlowApi
{
    private const string OneFlow = "/{holdingIdentityShortHash}/{clientRequestId}";

    public static void MapFlows(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder flows = api.MapGroup("/flow").WithTags("Flows");
        flows.MapPost("/{holdingIdentityShortHash}", Start)
            .WithName("StartFlow").WithSummary("Start a flow")
            .WithDescription(
                "202 as soon as the start is durable: from then on the flow ends exactly once, whatever crashes. The same request again answers the same flow, so "
                + "repeat it whenever you did not get an answer; another class or body under the same clientRequestId is refused (409). White space and the order of "
                + "properties make no difference. With the header Prefer: wait=N the answer comes when the flow has ended (200), or after N seconds (202).")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(503);
        flows.MapGet("/{holdingIdentityShortHash}", List)
            .WithName("ListFlows").WithSummary("The flows of a virtual node, newest first").ProducesProblem(400).ProducesProblem(404);
        flows.MapGet(OneFlow, Status)
            .WithName("GetFlow").WithSummary("Where a flow stands").ProducesProblem(400).ProducesProblem(404);
        flows.MapGet(OneFlow + "/result", Result)
            .WithName("GetFlowResult").WithSummary("A flow's result as JSON; 202 while it has not ended").ProducesProblem(400).ProducesProblem(404);
        flows.MapPost(OneFlow + "/kill", Kill)
            .WithName("KillFlow").WithSummary("End a flow; its counterparties are told")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
    }

    private static async Task<Results<Accepted<FlowStatusResponse>, Ok<FlowStatusResponse>, ProblemHttpResult>> Start(
        string holdingIdentityShortHash,
        StartFlowRequest request,
        [FromHeader(Name = "Prefer"), Description("wait=N answers when the flow has ended, at most N seconds later")] string? prefer,
        FlowStarter starter,
        FlowEnd end,
        RpcOptions options,
        HttpContext http)
    {
        var start = new StartRequest(holdingIdentityShortHash, request.ClientRequestId, request.FlowClassName, request.RequestBody);
        StartOutcome outcome = await starter.Start(start, http.RequestAborted);
        if (outcome is not StartOutcome.Accepted { Status: var status }) return Problems.Of(outcome);

        TimeSpan? wait = Prefer.Wait(prefer, options.WaitMax);
        if (wait is not null)
        {
            http.Response.Headers["Preference-Applied"] = $"wait={wait.Value.TotalSeconds:0}";
            status = await end.WaitFor(status, wait.Value, http.RequestAborted);
        }

        return wait is not null && status.State.IsTerminal()
            ? TypedResults.Ok(FlowStatusResponse.Of(status))
            : TypedResults.Accepted($"/api/v1/flow/{status.Identity.ShortHash}/{status.ClientRequestId}", FlowStatusResponse.Of(status));
    }

    private static Results<Ok<FlowStatusResponses>, ProblemHttpResult> List(
        string holdingIdentityShortHash,
        [Description("Only flows in this state: START_REQUESTED, RUNNING, RETRYING, COMPLETED, FAILED or KILLED")] string? status,
        [Description("How many, 1 to 1000; 100 if not given")] string? limit,
        [Description("The 'next' of the page before")] string? next,
        VirtualNodeView nodes,
        FlowStatusView statuses)
    {
        if (nodes.Find(holdingIdentityShortHash) is not { } node) return Problems.UnknownNode(holdingIdentityShortHash);

        FlowState? state = null;
        if (status is not null && (state = FlowStateNames.Parse(status)) is null) return Problems.BadQuery("status", status, "one of " + FlowStateNames.All);

        if (PageLimit.Read(limit, out int countMax) is { } badLimit) return badLimit;

        StatusCursor cursor = default;
        if (next is not null && !StatusCursor.TryParse(next, out cursor)) return Problems.BadQuery("next", next, "the 'next' of the page before");

        StatusPage page = statuses.List(node.Identity.ShortHash, state, next is null ? null : cursor, countMax);
        return TypedResults.Ok(new FlowStatusResponses([.. page.Flows.Select(FlowStatusResponse.Of)], page.Next?.ToString()));
    }

    private static Results<Ok<FlowStatusResponse>, ProblemHttpResult> Status(
        string holdingIdentityShortHash, string clientRequestId, VirtualNodeView nodes, FlowStatusView statuses)
    {
        if (nodes.Find(holdingIdentityShortHash) is not { } node) return Problems.UnknownNode(holdingIdentityShortHash);
        return statuses.Find(Id(node, clientRequestId)) is { } status
            ? TypedResults.Ok(FlowStatusResponse.Of(status))
            : Problems.UnknownFlow(holdingIdentityShortHash, clientRequestId);
    }

    private static Results<Ok<FlowResultResponse>, Accepted<FlowResultResponse>, ProblemHttpResult> Result(
        string holdingIdentityShortHash, string clientRequestId, VirtualNodeView nodes, FlowStatusView statuses)
    {
        if (nodes.Find(holdingIdentityShortHash) is not { } node) return Problems.UnknownNode(holdingIdentityShortHash);
        if (statuses.Find(Id(node, clientRequestId)) is not { } status) return Problems.UnknownFlow(holdingIdentityShortHash, clientRequestId);
        return status.State.IsTerminal()
            ? TypedResults.Ok(FlowResultResponse.Of(status))
            : TypedResults.Accepted((string?)null, FlowResultResponse.Of(status));
    }

    private static async Task<Results<Ok<FlowStatusResponse>, ProblemHttpResult>> Kill(
        string holdingIdentityShortHash, string clientRequestId, VirtualNodeView nodes, FlowKiller killer, CancellationToken aborted)
    {
        if (nodes.Find(holdingIdentityShortHash) is not { } node) return Problems.UnknownNode(holdingIdentityShortHash);
        KillOutcome outcome = await killer.Kill(Id(node, clientRequestId), aborted);
        return outcome is KillOutcome.Killed { Status: var status }
            ? TypedResults.Ok(FlowStatusResponse.Of(status))
            : Problems.Of(outcome, holdingIdentityShortHash, clientRequestId);
    }

    private static FlowId Id(VirtualNodeInfo node, string clientRequestId) => FlowId.OfClientStart(node.Identity.ShortHash, clientRequestId);
}
