using Corda.Flows;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;

namespace Corda.Workers.Flow.Sessions;

/// <summary>What a flow learns of its counterparty.</summary>
internal static class CounterpartyInfos
{
    /// <summary>What both sides agreed on, or why they will not. Null while that is open.</summary>
    public static Outcome? Of(SessionState session) => session switch
    {
        { ProtocolVersion: int version } => Outcome.Of(new FlowInfo(session.Protocol, version)),
        { Error: not null } => Outcome.Failed(session.ToException()),
        { ClosedHere: true } => Outcome.Failed(session.WhyNothingComes()!),
        _ => null,
    };
}
