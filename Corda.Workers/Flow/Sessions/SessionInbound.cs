using System.Diagnostics;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow.Sessions;

/// <summary>
/// What a received message does to a session: takes each once, in the order in which it was sent, whatever the order and number of its comings.
/// Pure.
/// </summary>
internal static class SessionInbound
{
    /// <summary>The session after an event. The same object where the event changes nothing (a duplicate).</summary>
    public static SessionState Receive(SessionState session, SessionEvent received, FlowOptions options) => received switch
    {
        { Message: SessionError error } => Fail(session, error),
        { SequenceNumber: null } => throw new FlowEventException($"A {received.Message.GetType().Name} without a sequence number on session {session.Id}"),
        { SequenceNumber: int number } when number <= session.ReceivedLast => session,
        { SequenceNumber: int number } when number == session.ReceivedLast + 1 => TakeRun(session, received, options),
        _ => KeepBeyondGap(session, received, options),
    };

    private static SessionState Fail(SessionState session, SessionError error) =>
        session.HasEnded() ? session : session with { Error = error, ErrorIsTheirs = true };

    /// <summary>Takes the next message and all that waited behind it.</summary>
    private static SessionState TakeRun(SessionState session, SessionEvent next, FlowOptions options)
    {
        session = Take(session, next, options);
        while (session.BeyondGap is [{ } first, ..] && first.SequenceNumber == session.ReceivedLast + 1)
        {
            session = Take(session with { BeyondGap = session.BeyondGap[1..] }, first, options);
        }

        return session;
    }

    private static SessionState KeepBeyondGap(SessionState session, SessionEvent received, FlowOptions options)
    {
        if (session.Error is not null) return session;

        SessionEvent[] kept = session.BeyondGap;
        int place = Array.FindIndex(kept, other => other.SequenceNumber >= received.SequenceNumber);
        if (place >= 0 && kept[place].SequenceNumber == received.SequenceNumber) return session;

        if (SessionInbox.Refuses(session, received.Message, options) is { } full) return session with { Error = full, BeyondGap = [] };

        if (place < 0) place = kept.Length;
        return session with { BeyondGap = [.. kept[..place], received, .. kept[place..]] };
    }

    private static SessionState Take(SessionState session, SessionEvent next, FlowOptions options)
    {
        session = session with { ReceivedLast = session.ReceivedLast + 1 };
        return next.Message switch
        {
            SessionConfirm confirm => session with { ProtocolVersion = confirm.ProtocolVersion },
            SessionData data => TakeData(session, data, options),
            SessionClose => session with { ClosedThere = true },
            SessionInit => Break(session, ErrorTypes.ProtocolViolation, "A session is opened once, by its first message"),
            _ => throw new UnreachableException($"Session message {next.Message}"),
        };
    }

    private static SessionState TakeData(SessionState session, SessionData data, FlowOptions options) => session switch
    {
        { Error: not null } => session,
        { ClosedThere: true } => Break(session, ErrorTypes.ProtocolViolation, "A payload was sent after its sender had closed the session"),
        { ClosedHere: true } => Break(session, ErrorTypes.SessionClosed, "A payload came after this side had closed the session"),
        _ when SessionInbox.Refuses(session, data, options) is { } full => session with { Error = full },
        _ => session with { Unread = [.. session.Unread, data.Payload] },
    };

    private static SessionState Break(SessionState session, string type, string message) =>
        session.Error is not null ? session : session with { Error = new SessionError(type, message) };
}
