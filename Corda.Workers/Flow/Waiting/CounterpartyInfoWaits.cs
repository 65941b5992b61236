using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Sessions;

namespace Corda.Workers.Flow.Waiting;

/// <summary>A question who the counterparty is.</summary>
internal static class CounterpartyInfoWaits
{
    public static bool IsOver(WaitForCounterpartyInfo wait, FlowStep step) => CounterpartyInfos.Of(step.SessionOf(wait.Session)) is not null;

    public static Outcome Outcome(WaitForCounterpartyInfo wait, FlowStep step)
    {
        SessionState session = step.SessionOf(wait.Session);
        return CounterpartyInfos.Of(session) ?? Engine.Outcome.Failed(session.ToTimeout("the counterparty did not answer"));
    }
}
