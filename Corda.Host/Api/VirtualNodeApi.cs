using Corda.Workers.Packaging;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Corda.Host.Api;

/// <summary>The virtual nodes of the cluster and what can be started on them.</summary>
internal static class VirtualNodeApi
{
    public static void MapVirtualNodes(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Virtual nodes");
        group.MapGet("/virtualnode", All)
            .WithName("ListVirtualNodes").WithSummary("All virtual nodes of this cluster");
        group.MapGet("/virtualnode/{holdingIdentityShortHash}", One)
            .WithName("GetVirtualNode").WithSummary("One virtual node").ProducesProblem(400).ProducesProblem(404);
        group.MapGet("/flowclass/{holdingIdentityShortHash}", FlowClasses)
            .WithName("ListFlowClasses").WithSummary("The flows that can be started on a virtual node").ProducesProblem(400).ProducesProblem(404);
    }

    private static Ok<VirtualNodesResponse> All(VirtualNodeView nodes) =>
        TypedResults.Ok(new VirtualNodesResponse([.. nodes.All.Select(VirtualNodeResponse.Of)]));

    private static Results<Ok<VirtualNodeResponse>, ProblemHttpResult> One(string holdingIdentityShortHash, VirtualNodeView nodes) =>
        nodes.Find(holdingIdentityShortHash) is { } node
            ? TypedResults.Ok(VirtualNodeResponse.Of(node))
            : Problems.UnknownNode(holdingIdentityShortHash);

    private static Results<Ok<FlowClassNames>, ProblemHttpResult> FlowClasses(
        string holdingIdentityShortHash, VirtualNodeView nodes, StartableFlows startable)
    {
        if (nodes.Find(holdingIdentityShortHash) is not { } node) return Problems.UnknownNode(holdingIdentityShortHash);
        try
        {
            return TypedResults.Ok(new FlowClassNames([.. startable.Of(node).Select(flow => flow.ClassName)]));
        }
        catch (FlowPackageException missing)
        {
            return Problems.Unavailable(missing.Message);
        }
    }
}
