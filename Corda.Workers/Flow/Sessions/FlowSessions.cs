using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow.Sessions;

/// <summary>A flow's sessions during one step, and the messages they send. Not thread-safe.</summary>
internal sealed class FlowSessions(RunningFlow flow, List<Record> outputs)
{
    private readonly List<SessionState> sessions = [.. flow.Sessions];

    /// <summary>How many sessions the flow has opened.</summary>
    public int Opened { get; private set; } = flow.SessionsOpened;

    /// <summary>All sessions that the flow remembers, oldest first.</summary>
    public IReadOnlyList<SessionState> All => sessions;

    /// <summary>A session; null where it is not this flow's, or ended long ago.</summary>
    public SessionState? Find(SessionId id)
    {
        int index = IndexOf(id);
        return index < 0 ? null : sessions[index];
    }

    /// <summary>The id of the flow's next session.</summary>
    public SessionId NextId() => SessionId.Of(flow.FlowId, ++Opened);

    /// <summary>Takes a session's new state.</summary>
    public void Put(SessionState session)
    {
        int index = IndexOf(session.Id);
        if (index < 0) sessions.Add(session);
        else sessions[index] = session;
    }

    /// <summary>Sends the session's first message, if that has not been done.</summary>
    public SessionState Begin(SessionState session) =>
        session.Init is null ? session : Send(session with { Init = null }, session.Init);

    /// <summary>Sends a payload; on a new session it travels with the first message.</summary>
    public SessionState SendData(SessionState session, byte[] payload) => session.Init is null
        ? Send(session, new SessionData(payload))
        : Send(session with { Init = null }, session.Init with { Payload = payload });

    /// <summary>Closes this side of a session.</summary>
    public SessionState Close(SessionState session)
    {
        session = session with { ClosedHere = true };
        if (session.HasBegun()) return Send(session, new SessionClose());

        // The counterparty has never heard of the session: there is nobody to wait for.
        session = session with { ClosedThere = true, Init = null };
        Put(session);
        return session;
    }

    /// <summary>Breaks a session and tells the counterparty why.</summary>
    public SessionState Fail(SessionState session, SessionError error)
    {
        bool begun = session.HasBegun();
        session = session with { Error = error, Init = null };
        Put(session);
        if (begun) Emit(session, null, error);
        return session;
    }

    /// <summary>Sends a message under the session's next number.</summary>
    public SessionState Send(SessionState session, SessionMessage message)
    {
        session = session with { SentLast = session.SentLast + 1 };
        Put(session);
        Emit(session, session.SentLast, message);
        return session;
    }

    /// <summary>
    /// What goes into the checkpoint: all sessions of which the flow may still learn something, and the youngest of the others. A session that has
    /// ended still matters while payloads of it are unread, or an operation waits for it.
    /// </summary>
    /// <param name="endedKept">How many of the others are kept.</param>
    /// <param name="waiting">The operations on which the flow is parked.</param>
    public SessionState[] ToCheckpoint(int endedKept, IEnumerable<PendingOperation> waiting)
    {
        if (sessions.Count <= endedKept) return [.. sessions];

        HashSet<SessionId> awaited = [.. waiting.SelectMany(operation => operation.For.OnSessions())];
        bool MayGo(SessionState session) => session.HasEnded() && !session.HasUnread() && !awaited.Contains(session.Id);
        int surplus = sessions.Count(MayGo) - endedKept;
        return surplus <= 0 ? [.. sessions] : [.. sessions.Where(session => !MayGo(session) || surplus-- <= 0)];
    }

    private int IndexOf(SessionId id)
    {
        for (int i = 0; i < sessions.Count; i++)
        {
            if (sessions[i].Id == id) return i;
        }

        return -1;
    }

    private void Emit(SessionState session, int? number, SessionMessage message) =>
        outputs.Add(FlowOutputs.Session(session.CounterpartyFlow, new SessionEvent(session.Id, flow.Identity, session.Counterparty, flow.FlowId, number, message)));
}
