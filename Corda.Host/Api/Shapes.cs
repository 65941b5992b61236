using System.ComponentModel;
using System.Text.Json;
using Corda.Workers.Contracts;

namespace Corda.Host.Api;

// The JSON of the REST API, named as clients of Corda 5 know it.

internal sealed record StartFlowRequest(
    [property: Description("Your name for this start, and its idempotency key: the same request again is the same flow. 1 to 242 of the characters A-Z a-z 0-9 . _ -")]
    string ClientRequestId,
    [property: Description("The flow's class: its full name, or its simple name where that is unique.")]
    string FlowClassName,
    [property: Description("What the flow takes, as JSON.")]
    JsonElement RequestBody);

internal sealed record FlowErrorResponse(string Type, string Message);

internal sealed record FlowStatusResponse(
    string HoldingIdentityShortHash,
    string ClientRequestId,
    string FlowId,
    FlowState FlowStatus,
    [property: Description("The result as JSON in a string; only when COMPLETED.")]
    string? FlowResult,
    [property: Description("What went wrong; when FAILED or KILLED, and the last failure while RETRYING.")]
    FlowErrorResponse? FlowError,
    [property: Description("When the flow reached this status.")]
    DateTimeOffset Timestamp)
{
    public static FlowStatusResponse Of(FlowStatus status) => new(
        status.Identity.ShortHash,
        status.ClientRequestId,
        status.FlowId.ToString(),
        status.State,
        status.Result,
        status.Error is { } error ? new FlowErrorResponse(error.Type, error.Message) : null,
        status.UpdatedAt);
}

internal sealed record FlowStatusResponses(
    [property: Description("Newest first.")]
    [property: System.Text.Json.Serialization.JsonPropertyName("flowStatusResponses")]
    IReadOnlyList<FlowStatusResponse> Flows,
    [property: Description("Give this as 'next' to get the following page; null on the last one.")]
    string? Next);

internal sealed record FlowResultResponse(
    string HoldingIdentityShortHash,
    string ClientRequestId,
    string FlowId,
    FlowState FlowStatus,
    [property: Description("The result; only when COMPLETED.")]
    JsonElement? Json,
    FlowErrorResponse? FlowError,
    DateTimeOffset Timestamp)
{
    public static FlowResultResponse Of(FlowStatus status)
    {
        FlowStatusResponse flow = FlowStatusResponse.Of(status);
        JsonElement? json = status.Result is null ? null : JsonElement.Parse(status.Result);
        return new FlowResultResponse(flow.HoldingIdentityShortHash, flow.ClientRequestId, flow.FlowId, flow.FlowStatus, json, flow.FlowError, flow.Timestamp);
    }
}

internal sealed record FlowClassNames(
    [property: System.Text.Json.Serialization.JsonPropertyName("flowClassNames")]
    IReadOnlyList<string> Names);

internal sealed record HoldingIdentityResponse(string X500Name, string GroupId, string ShortHash, string FullHash);

internal sealed record CpiIdentifierResponse(string CpiName, string CpiVersion, string? SignerSummaryHash);

internal sealed record VirtualNodeResponse(
    HoldingIdentityResponse HoldingIdentity,
    CpiIdentifierResponse CpiIdentifier,
    [property: Description("ACTIVE while new flows may start.")]
    string FlowStartOperationalStatus)
{
    public static VirtualNodeResponse Of(VirtualNodeInfo node) => new(
        new HoldingIdentityResponse(node.Identity.X500Name, node.Identity.GroupId, node.Identity.ShortHash, node.Identity.FullHash),
        new CpiIdentifierResponse(node.Cpi.Name, node.Cpi.Version, SignerSummaryHash: null),
        node.FlowStartActive ? "ACTIVE" : "INACTIVE");
}

internal sealed record VirtualNodesResponse(IReadOnlyList<VirtualNodeResponse> VirtualNodes);
