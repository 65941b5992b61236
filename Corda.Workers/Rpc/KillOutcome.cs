using Corda.Workers.Contracts;

namespace Corda.Workers.Rpc;

/// <summary>What came of a request to kill a flow. A closed union.</summary>
internal abstract record KillOutcome
{
    private KillOutcome()
    {
    }

    /// <summary>The flow has ended as KILLED, now or before.</summary>
    public sealed record Killed(FlowStatus Status) : KillOutcome;

    /// <summary>The flow had ended otherwise before it could be killed.</summary>
    public sealed record EndedOtherwise(FlowStatus Status) : KillOutcome;

    /// <summary>There is no such flow.</summary>
    public sealed record UnknownFlow : KillOutcome;

    /// <summary>Not now. Repeating the request is safe.</summary>
    /// <param name="Reason">What is missing, for people.</param>
    public sealed record Unavailable(string Reason) : KillOutcome;
}
