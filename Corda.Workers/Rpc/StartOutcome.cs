using Corda.Workers.Contracts;

namespace Corda.Workers.Rpc;

/// <summary>What came of a request to start a flow. A closed union.</summary>
internal abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    /// <summary>The start is durable: now, or since an earlier request with the same id, class and body.</summary>
    /// <param name="Status">Where the flow stands.</param>
    public sealed record Accepted(FlowStatus Status) : StartOutcome;

    /// <summary>The id is taken by a start with another class or body.</summary>
    /// <param name="Existing">The flow that has the id.</param>
    /// <param name="Difference">What differs, for people.</param>
    public sealed record Conflict(FlowStatus Existing, string Difference) : StartOutcome;

    /// <summary>There is no such virtual node.</summary>
    public sealed record UnknownNode(string ShortHash) : StartOutcome;

    /// <summary>The virtual node starts no flows for now.</summary>
    public sealed record NodeInactive(VirtualNodeInfo Node) : StartOutcome;

    /// <summary>The client request id has the wrong form.</summary>
    public sealed record BadRequestId(string ClientRequestId) : StartOutcome;

    /// <summary>The virtual node has no such flow, or several with this simple name.</summary>
    /// <param name="FlowClassName">What was asked for.</param>
    /// <param name="Candidates">The full names that share the simple name; empty where there is none.</param>
    /// <param name="StartableFlows">The full names of what can be started.</param>
    public sealed record NotStartable(string FlowClassName, IReadOnlyList<string> Candidates, IReadOnlyList<string> StartableFlows) : StartOutcome;

    /// <summary>The request body is not what the flow takes.</summary>
    /// <param name="FlowClassName">The flow.</param>
    /// <param name="Misfit">Where and why.</param>
    public sealed record BodyMisfit(string FlowClassName, BodyMisfitReason Misfit) : StartOutcome;

    /// <summary>The start does not fit into a record of the bus.</summary>
    public sealed record TooLarge(string Reason) : StartOutcome;

    /// <summary>Not now. Repeating the same request is safe: it starts the flow at most once.</summary>
    /// <param name="Reason">What is missing, for people.</param>
    public sealed record Unavailable(string Reason) : StartOutcome;
}

/// <summary>Why a JSON value is not what a type takes.</summary>
/// <param name="Path">Where, as a JSON path that begins at the request body (<c>$</c>).</param>
/// <param name="Problem">What is wrong, and what is expected, for people.</param>
internal sealed record BodyMisfitReason(string Path, string Problem);
