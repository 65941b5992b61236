using Corda.Flows;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow.Sessions;

/// <summary>Questions to a session.</summary>
internal static class SessionStates
{
    /// <summary>Whether nothing can happen on the session any more.</summary>
    public static bool HasEnded(this SessionState session) =>
        session.Error is not null || (session.ClosedHere && session.ClosedThere);

    /// <summary>Whether the counterparty has heard of the session.</summary>
    public static bool HasBegun(this SessionState session) => session.Init is null;

    /// <summary>Whether payloads have come that the flow has not read.</summary>
    public static bool HasUnread(this SessionState session) =>
        session.Unread.Length > 0 || session.BeyondGap.Any(received => received.Message is SessionData);

    /// <summary>Why nothing more can be received, after what is unread; null while more may come.</summary>
    public static Exception? WhyNothingComes(this SessionState session) => session switch
    {
        { Error: not null } => session.ToException(),
        { ClosedHere: true } => new FlowSessionException($"{Named(session)} was closed by this flow; nothing can be received any more."),
        { ClosedThere: true } => new FlowSessionException(
            $"{Named(session)} was closed by the counterparty, and all that it sent has been read: it ended or closed before it sent what is expected here."),
        _ => null,
    };

    /// <summary>Why nothing can be sent; null where it can.</summary>
    public static Exception? WhyNothingLeaves(this SessionState session) => session switch
    {
        { Error: not null } => session.ToException(),
        { ClosedHere: true } => new FlowSessionException($"{Named(session)} was closed by this flow; nothing can be sent any more."),
        { ClosedThere: true } => new FlowSessionException($"{Named(session)} was closed by the counterparty, which reads no more."),
        _ => null,
    };

    /// <summary>The error of a broken session as the flow gets it.</summary>
    public static FlowSessionException ToException(this SessionState session) => session.ErrorIsTheirs
        ? new CounterpartyFlowException(session.Counterparty.Name, session.Error!.ErrorType, session.Error.ErrorMessage)
        : new FlowSessionException($"{Named(session)} is broken: {session.Error!.ErrorMessage} ({session.Error.ErrorType}).");

    /// <summary>A wait on the session took too long.</summary>
    public static FlowSessionTimeoutException ToTimeout(this SessionState session, string missed) =>
        new($"{Named(session)}: {missed} within {session.Timeout}.");

    private static string Named(SessionState session) => $"Session {session.Id} with {session.Counterparty.X500Name}";
}
