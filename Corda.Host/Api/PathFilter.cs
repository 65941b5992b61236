using Corda.Workers.Rpc;

namespace Corda.Host.Api;

/// <summary>What must hold before any handler of the API is asked: the views are there to answer from, and the path is well-formed.</summary>
internal sealed class PathFilter(VirtualNodeView nodes, FlowStatusView statuses) : IEndpointFilter
{
    private const int ShortHashLength = 12;

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        RouteValueDictionary path = context.HttpContext.Request.RouteValues;
        if (path.TryGetValue("holdingIdentityShortHash", out object? value) && value is string shortHash
            && !(shortHash.Length == ShortHashLength && shortHash.All(char.IsAsciiHexDigit)))
        {
            return ValueTask.FromResult<object?>(Problems.BadShortHash(shortHash));
        }

        if (path.TryGetValue("clientRequestId", out value) && value is string id && !FlowStarter.IsRequestId(id))
        {
            return ValueTask.FromResult<object?>(Problems.BadRequestId(id));
        }

        // Before the views have been read, "unknown" would be a lie.
        return nodes.Loaded && statuses.Loaded
            ? next(context)
            : ValueTask.FromResult<object?>(Problems.Unavailable("The service is starting: it has not read yet which virtual nodes and flows there are."));
    }
}
