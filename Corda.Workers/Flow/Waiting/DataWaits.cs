using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Sessions;

namespace Corda.Workers.Flow.Waiting;

/// <summary>A receive.</summary>
internal static class DataWaits
{
    public static bool IsOver(WaitForData wait, FlowStep step)
    {
        SessionState session = step.SessionOf(wait.Session);
        return session.Unread.Length > 0 || session.Error is not null || session.ClosedHere || session.ClosedThere;
    }

    public static Outcome Outcome(WaitForData wait, Type resultType, FlowStep step)
    {
        SessionState session = step.SessionOf(wait.Session);
        return SessionPayloads.TakeNext(step.Sessions, session, resultType) ?? Engine.Outcome.Failed(session.ToTimeout("nothing was received"));
    }
}
