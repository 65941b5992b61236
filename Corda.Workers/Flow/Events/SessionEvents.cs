using Corda.Workers.Contracts;
using Corda.Workers.Flow.Sessions;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow.Events;

/// <summary>A message for a session of a flow that is there, or was.</summary>
internal static class SessionEvents
{
    private static readonly SessionError Unknown = new(ErrorTypes.UnknownSession, "the flow at the other end has ended, or never was");

    /// <summary>Takes a message into the sessions of a flow that is under way.</summary>
    public static void TakeIn(FlowStep step, SessionEvent received)
    {
        if (step.Sessions.Find(received.SessionId) is not { } session)
        {
            if (FlowOutputs.Refusal(step.Flow.FlowId, received, Unknown) is { } refusal) step.Outputs.Add(refusal);
            return;
        }

        if (received.From != session.Counterparty)
        {
            throw new FlowEventException($"{received.From} sent on session {session.Id}, which is with {session.Counterparty}");
        }

        SessionState after = SessionInbound.Receive(session, received, step.Options);
        if (ReferenceEquals(after, session)) return;

        bool brokenByThis = session.Error is null && after is { Error: not null, ErrorIsTheirs: false };
        if (brokenByThis) step.Sessions.Fail(after, after.Error!);
        else step.Sessions.Put(after);
    }

    /// <summary>A message for a flow that has ended. What the flow had received while it ran is a duplicate; what is new finds nobody.</summary>
    public static Step<Checkpoint> TooLate(FlowId id, FinishedFlow flow, SessionEvent received)
    {
        FinishedSession? session = Array.Find(flow.Sessions, s => s.Id == received.SessionId);
        bool knownOrIdle = session is not null && (received.SequenceNumber <= session.ReceivedLast || received.Message is SessionConfirm);
        Record? refusal = knownOrIdle ? null : FlowOutputs.Refusal(id, received, Unknown);
        return new Step<Checkpoint>(flow, refusal is null ? [] : [refusal], flow.DueAt());
    }

    /// <summary>A message for a flow of which there is no trace, and which it cannot start.</summary>
    public static Step<Checkpoint> ToNobody(FlowId id, SessionEvent received) =>
        new(null, FlowOutputs.Refusal(id, received, Unknown) is { } refusal ? [refusal] : []);

    /// <summary>The senders of early messages learn that their session never began.</summary>
    public static Step<Checkpoint> GiveUp(FlowId id, EarlySession early) =>
        new(null, [.. early.Events.Select(received => FlowOutputs.Refusal(id, received, Unknown)).OfType<Record>().Take(1)]);
}
