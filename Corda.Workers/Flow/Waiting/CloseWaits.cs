using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Sessions;

namespace Corda.Workers.Flow.Waiting;

/// <summary>A close that waits for the counterparties. One that breaks ends the wait at once.</summary>
internal static class CloseWaits
{
    public static bool IsOver(WaitForClose wait, FlowStep step) =>
        FirstBroken(wait, step) is not null || wait.Sessions.All(id => step.SessionOf(id).ClosedThere);

    public static Outcome Outcome(WaitForClose wait, FlowStep step)
    {
        if (FirstBroken(wait, step) is { } broken) return Engine.Outcome.Failed(broken.ToException());

        SessionState? open = wait.Sessions.Select(step.SessionOf).FirstOrDefault(session => !session.ClosedThere);
        return open is null ? Engine.Outcome.Done : Engine.Outcome.Failed(open.ToTimeout("the counterparty did not close"));
    }

    private static SessionState? FirstBroken(WaitForClose wait, FlowStep step) =>
        wait.Sessions.Select(step.SessionOf).FirstOrDefault(session => session.Error is not null);
}
