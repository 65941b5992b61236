using Corda.Flows;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow.Sessions;

/// <summary>The end of sessions. A payload that nobody reads is an error to its sender: it believes that it was heard.</summary>
internal static class SessionClosing
{
    private static readonly SessionError Unread =
        new(ErrorTypes.UnreadPayload, "The session was closed before all that had been sent was read");

    /// <summary>Closes this side because the flow says so.</summary>
    /// <exception cref="FlowSessionException">The session is broken, or payloads are unread.</exception>
    public static SessionState Close(FlowSessions sessions, SessionState session)
    {
        if (session.Error is not null) return session.RequireClose ? throw session.ToException() : session;
        if (session.ClosedHere) return session;
        if (session.HasUnread())
        {
            sessions.Fail(session, Unread);
            throw new FlowSessionException($"Session {session.Id} with {session.Counterparty.X500Name} was closed with unread payloads. Receive all before closing.");
        }

        return sessions.Close(session);
    }

    /// <summary>Ends a session with the (sub-)flow that opened it.</summary>
    public static SessionState End(FlowSessions sessions, SessionState session) =>
        session.Error is not null || session.ClosedHere ? session
        : session.HasUnread() ? sessions.Fail(session, Unread)
        : sessions.Close(session);

    /// <summary>Whether whoever closed the session waits for the counterparty.</summary>
    public static bool MustWait(SessionState session) => session is { RequireClose: true, ClosedHere: true, ClosedThere: false, Error: null };
}
