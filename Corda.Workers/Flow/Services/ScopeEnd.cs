using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Sessions;

namespace Corda.Workers.Flow.Services;

/// <summary>Ends the sessions of a sub-flow with it.</summary>
internal sealed class ScopeEnd(FlowServices services) : SubFlowRunner.IScopeEnd
{
    public FlowTask Close(FlowScope scope)
    {
        if (scope.SessionIds.Count == 0) return FlowTask.CompletedTask;

        FlowStep step = services.Step();
        SessionState[] open = [.. SessionsOf(scope, step).Select(session => SessionClosing.End(step.Sessions, session)).Where(SessionClosing.MustWait)];
        if (open.Length == 0) return FlowTask.CompletedTask;

        DateTimeOffset deadline = step.Now.AddOrMax(open.Max(session => session.Timeout));
        return services.Park<Unit>(new WaitForClose([.. open.Select(session => session.Id)], deadline));
    }

    public void Fail(FlowScope scope, Exception error)
    {
        if (scope.SessionIds.Count == 0) return;

        FlowStep step = services.Step();
        SessionError told = FlowErrors.ToCounterparty(FlowErrors.Of(error, step.Options));
        foreach (SessionState session in SessionsOf(scope, step).Where(session => !session.HasEnded())) step.Sessions.Fail(session, told);
    }

    private static List<SessionState> SessionsOf(FlowScope scope, FlowStep step) =>
        [.. scope.SessionIds.Select(id => step.Sessions.Find(SessionId.Parse(id))).OfType<SessionState>()];
}
