using System.Globalization;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow.Sessions;

/// <summary>How much of a session may wait unread. It is saved with every checkpoint of the flow, and must never grow beyond what a record can hold.</summary>
internal static class SessionInbox
{
    /// <summary>Why a message finds no room beside those that wait unread; null where it does. An empty inbox takes whatever fits into a record.</summary>
    public static SessionError? Refuses(int unread, long unreadBytes, SessionMessage next, FlowOptions options)
    {
        long bytes = unreadBytes + BytesOf(next);
        if (unread == 0 || (unread < options.SessionUnreadMax && bytes <= options.SessionUnreadBytesMax)) return null;

        string text = string.Create(CultureInfo.InvariantCulture, $"the receiver's inbox is full: {unread} messages with {unreadBytes} bytes wait unread");
        string limits = string.Create(
            CultureInfo.InvariantCulture,
            $"Corda:Flow:SessionUnreadMax is {options.SessionUnreadMax}, Corda:Flow:SessionUnreadBytesMax {options.SessionUnreadBytesMax}");
        return new SessionError(ErrorTypes.InboxFull, $"{text} ({limits}); let the sender wait for an answer now and then");
    }

    /// <inheritdoc cref="Refuses(int, long, SessionMessage, FlowOptions)"/>
    public static SessionError? Refuses(SessionState session, SessionMessage next, FlowOptions options)
    {
        long bytes = session.Unread.Sum(static payload => (long)payload.Length) + session.BeyondGap.Sum(static kept => (long)BytesOf(kept.Message));
        return Refuses(session.Unread.Length + session.BeyondGap.Length, bytes, next, options);
    }

    /// <summary>The bytes of a message's payload.</summary>
    public static int BytesOf(SessionMessage message) => message switch
    {
        SessionData data => data.Payload.Length,
        SessionInit { Payload: { } payload } => payload.Length,
        _ => 0,
    };
}
