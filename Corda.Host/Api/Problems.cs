using System.Diagnostics;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Corda.Host.Api;

/// <summary>
/// Every error the API answers, in one table: RFC 9457 problem details whose detail says what is wrong, where, and what to do. The type is stable and
/// meant for programs, title and detail for people.
/// </summary>
internal static class Problems
{
    private const string TypePrefix = "urn:corda:problem:";

    public static ProblemHttpResult BadShortHash(string shortHash) => Of(
        400, "bad-short-hash", "Not a short hash",
        $"'{shortHash}' does not name a virtual node: a short hash has 12 hex digits. GET /api/v1/virtualnode lists the virtual nodes with theirs.");

    public static ProblemHttpResult UnknownNode(string shortHash) => Of(
        404, "virtual-node-not-found", "No such virtual node",
        $"There is no virtual node {shortHash} on this cluster. GET /api/v1/virtualnode lists those that there are.");

    public static ProblemHttpResult BadRequestId(string clientRequestId) => Of(
        400, "bad-client-request-id", "Not a client request id",
        $"clientRequestId '{Short(clientRequestId)}' must have 1 to 242 characters out of A-Z a-z 0-9 . _ -");

    public static ProblemHttpResult UnknownFlow(string shortHash, string clientRequestId) => Of(
        404, "flow-not-found", "No such flow",
        $"The virtual node {shortHash} has no flow with clientRequestId '{Short(clientRequestId)}'. "
        + "It was never started, or it ended so long ago that its status is gone.");

    public static ProblemHttpResult BadQuery(string parameter, string value, string expected) => Of(
        400, "bad-query", "Bad query parameter", $"The query parameter {parameter} is '{Short(value)}', but must be {expected}.");

    public static ProblemHttpResult Unavailable(string reason) => Of(
        503, "unavailable", "Not available for now", $"{reason} Repeating the same request is safe.");

    /// <summary>Only of outcomes that are no success.</summary>
    public static ProblemHttpResult Of(StartOutcome outcome) => outcome switch
    {
        StartOutcome.UnknownNode unknown => UnknownNode(unknown.ShortHash),
        StartOutcome.NodeInactive inactive => Of(
            409, "virtual-node-inactive", "The virtual node starts no flows",
            $"{inactive.Node.Identity} does not start flows now: its flowStartOperationalStatus is INACTIVE. Ask its operator to activate it."),
        StartOutcome.BadRequestId bad => BadRequestId(bad.ClientRequestId),
        StartOutcome.NotStartable { Candidates.Count: > 0 } ambiguous => Of(
            400, "flow-class-ambiguous", "More than one flow has this name",
            $"flowClassName '{Short(ambiguous.FlowClassName)}' may mean {string.Join(" or ", ambiguous.Candidates)}. Give the full name.",
            ("candidates", ambiguous.Candidates)),
        StartOutcome.NotStartable none => Of(
            400, "flow-class-not-startable", "No such flow to start",
            $"flowClassName '{Short(none.FlowClassName)}' is not a flow that clients can start on this virtual node. Give one of startableFlows.",
            ("startableFlows", none.StartableFlows)),
        StartOutcome.BodyMisfit { Misfit: var misfit } body => Of(
            400, "request-body-misfit", "The request body is not what the flow takes",
            $"{body.FlowClassName} cannot take this requestBody. At {InRequest(misfit.Path)}: {misfit.Problem}",
            ("path", InRequest(misfit.Path))),
        StartOutcome.Conflict conflict => Of(
            409, "client-request-id-taken", "The client request id is taken",
            $"Flow {conflict.Existing.FlowId} was started with clientRequestId '{conflict.Existing.ClientRequestId}' before, and {conflict.Difference}. "
            + "Take another clientRequestId for another start.",
            ("flowId", conflict.Existing.FlowId.ToString())),
        StartOutcome.TooLarge large => Of(413, "too-large", "The request is too large", $"{large.Reason} Send less."),
        StartOutcome.Unavailable unavailable => Unavailable(unavailable.Reason),
        _ => throw new UnreachableException($"StartOutcome {outcome} is no problem"),
    };

    /// <summary>Only of outcomes that are no success.</summary>
    public static ProblemHttpResult Of(KillOutcome outcome, string shortHash, string clientRequestId) => outcome switch
    {
        KillOutcome.UnknownFlow => UnknownFlow(shortHash, clientRequestId),
        KillOutcome.EndedOtherwise ended => Of(
            409, "flow-has-ended", "The flow has ended",
            $"The flow was {ended.Status.State.ToString().ToUpperInvariant()} before it could be killed; that is final.",
            ("flowStatus", ended.Status.State.ToString().ToUpperInvariant())),
        KillOutcome.Unavailable unavailable => Unavailable(unavailable.Reason),
        _ => throw new UnreachableException($"KillOutcome {outcome} is no problem"),
    };

    /// <summary>What is answered where no handler said more: unknown routes, wrong methods, unreadable requests, bugs.</summary>
    public static (string Type, string Title, string Detail) OfStatus(int status, HttpRequest request, RpcOptions options) => status switch
    {
        400 => Row("bad-request", "Bad request", "The request cannot be understood. /swagger shows what is expected."),
        404 => Row("route-not-found", "No such resource", $"There is nothing at {Short(request.Path)}. /swagger shows all resources."),
        405 => Row("method-not-allowed", "Method not allowed", $"{Short(request.Path)} does not take {request.Method}; the header Allow says what it takes."),
        413 => Row("too-large", "The request is too large", $"A request may have {options.RequestBytesMax} bytes (Corda:Rpc:RequestBytesMax). Send less."),
        415 => Row("not-json", "Not JSON", $"The request must be JSON with the header Content-Type: application/json, not '{Short(request.ContentType ?? "none")}'."),
        503 => Row("unavailable", "Not available for now", "The service is starting or stopping. Try again in a moment."),
        >= 500 => Row("internal-error", "Internal error", "The platform has made a mistake; its log has more under this traceId."),
        _ => Row("failed", $"Status {status}", "The request was not carried out."),
    };

    private static (string Type, string Title, string Detail) Row(string type, string title, string detail) => (TypePrefix + type, title, detail);

    private static ProblemHttpResult Of(int status, string type, string title, string detail, params (string Name, object? Value)[] more) =>
        TypedResults.Problem(detail, statusCode: status, title: title, type: TypePrefix + type, extensions: more.ToDictionary(x => x.Name, x => x.Value));

    // Paths are told as seen from the whole request, which is what the client has before him.
    private static string InRequest(string path) => "$.requestBody" + path[1..];

    // What came in is told back, but never more of it than a line.
    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "...";
}
