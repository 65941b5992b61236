using Corda.Workers.Contracts;
using Corda.Workers.Flow.Sessions;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow.Engine;

/// <summary>The ends of flows: status to the client, close or error to the counterparties, and a small record that outlives the flow.</summary>
internal static class FlowEnding
{
    public static Step<Checkpoint> Completed(FlowStep step, string? result) => End(step, FlowState.Completed, result, null, null);

    /// <summary>The flow ends with an error.</summary>
    /// <param name="step">The step.</param>
    /// <param name="error">What the client and the counterparties are told.</param>
    /// <param name="deadLetter">Why the input also goes to the dead letters; null for not.</param>
    public static Step<Checkpoint> Failed(FlowStep step, FlowError error, string? deadLetter = null) =>
        End(step, FlowState.Failed, null, error, deadLetter);

    public static Step<Checkpoint> Killed(FlowStep step, string reason) =>
        End(step, FlowState.Killed, null, FlowErrors.Of(ErrorTypes.Killed, reason, step.Options), null);

    private static Step<Checkpoint> End(FlowStep step, FlowState state, string? result, FlowError? error, string? deadLetter)
    {
        foreach (SessionState session in step.Sessions.All.ToArray()) EndSession(step.Sessions, session, error);

        FlowStatus? status = FlowStatuses.Of(step.Flow, state, step.Now, result, error);
        if (status is not null) step.Outputs.Add(FlowOutputs.Status(status));

        TimeSpan retention = status is null ? step.Options.ResponderRetention : step.Options.ClientFlowRetention;
        FinishedSession[] sessions =
            [.. step.Sessions.ToCheckpoint(step.Options.EndedSessionsKept, []).Select(s => new FinishedSession(s.Id, s.ReceivedLast))];
        var finished = new FinishedFlow(state, sessions, step.Now + retention, HasStatus: status is not null);
        FlowMetrics.FlowEnded(step.Flow, state, step.Now);
        return new Step<Checkpoint>(finished, step.Outputs, finished.DueAt(), deadLetter);
    }

    private static void EndSession(FlowSessions sessions, SessionState session, FlowError? error)
    {
        if (error is null) SessionClosing.End(sessions, session);
        else if (session is { Error: null, ClosedHere: false }) sessions.Fail(session, FlowErrors.ToCounterparty(error));
    }
}
