using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Sessions;

namespace Corda.Workers.Flow.Services;

/// <summary>What <see cref="FlowSession"/> does. An operation that need not wait ends at once; errors come at the await.</summary>
internal sealed class SessionOperations(FlowServices services, IVirtualNodes nodes) : ISessionOperations
{
    public FlowTask Send<T>(FlowSession session, T payload) => SendToAll([session], payload);

    /// <summary>Sends to every session, or (where one of them cannot send) to none.</summary>
    public FlowTask SendToAll<T>(IReadOnlyList<FlowSession> sessions, T payload)
    {
        FlowStep step = services.Step();
        try
        {
            byte[] bytes = SessionPayloads.Write(payload);
            foreach (FlowSession session in sessions) StateForSending(step, session);
            // Read again one by one: a session may stand in the list twice.
            foreach (FlowSession session in sessions) step.Sessions.SendData(StateOf(step, session), bytes);
            return FlowTask.CompletedTask;
        }
        catch (FlowSessionException problem)
        {
            return FlowTask.FromException<Unit>(problem);
        }
    }

    public FlowTask<T> Receive<T>(FlowSession session)
    {
        FlowStep step = services.Step();
        try
        {
            SessionState state = step.Sessions.Begin(StateWithCounterparty(step, session));
            return SessionPayloads.TakeNext(step.Sessions, state, typeof(T)) is { } outcome
                ? Ended<T>(outcome)
                : services.Park<T>(new WaitForData(state.Id, step.Now.AddOrMax(state.Timeout)));
        }
        catch (FlowSessionException problem)
        {
            return FlowTask.FromException<T>(problem);
        }
    }

    public FlowTask<T> SendAndReceive<T>(FlowSession session, object payload)
    {
        FlowTask sent = Send(session, payload);
        return sent.IsFaulted ? FlowTask.FromException<T>(sent.Exception!) : Receive<T>(session);
    }

    public FlowTask<FlowInfo> CounterpartyInfo(FlowSession session)
    {
        FlowStep step = services.Step();
        try
        {
            SessionState state = step.Sessions.Begin(StateWithCounterparty(step, session));
            return CounterpartyInfos.Of(state) is { } outcome
                ? Ended<FlowInfo>(outcome)
                : services.Park<FlowInfo>(new WaitForCounterpartyInfo(state.Id, step.Now.AddOrMax(state.Timeout)));
        }
        catch (FlowSessionException problem)
        {
            return FlowTask.FromException<FlowInfo>(problem);
        }
    }

    public FlowTask Close(FlowSession session)
    {
        FlowStep step = services.Step();
        try
        {
            SessionState state = SessionClosing.Close(step.Sessions, StateOf(step, session));
            return SessionClosing.MustWait(state)
                ? services.Park<Unit>(new WaitForClose([state.Id], step.Now.AddOrMax(state.Timeout)))
                : FlowTask.CompletedTask;
        }
        catch (FlowSessionException problem)
        {
            return FlowTask.FromException<Unit>(problem);
        }
    }

    private static FlowTask<T> Ended<T>(Outcome outcome) => outcome.Error is { } error
        ? FlowTask.FromException<T>(error)
        : FlowTask.FromResult(outcome.Result is null ? default! : (T)outcome.Result);

    private static SessionState StateOf(FlowStep step, FlowSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return step.Sessions.Find(SessionId.Parse(session.Id)) ?? throw new FlowSessionException(
            $"Session {session.Id} with {session.Counterparty} ended long ago; nothing can be done with it any more.");
    }

    private void StateForSending(FlowStep step, FlowSession session)
    {
        if (StateWithCounterparty(step, session).WhyNothingLeaves() is { } problem) throw problem;
    }

    /// <summary>A session whose counterparty exists: checked before its first message leaves, since nobody would answer that.</summary>
    private SessionState StateWithCounterparty(FlowStep step, FlowSession session)
    {
        SessionState state = StateOf(step, session);
        if (state.HasBegun() || nodes.Find(state.Counterparty) is not null) return state;

        state = state with
        {
            Init = null,
            Error = new SessionError(ErrorTypes.UnknownCounterparty, $"there is no such member in the group {state.Counterparty.GroupId}"),
            ErrorIsTheirs = true,
        };
        step.Sessions.Put(state);
        throw state.ToException();
    }
}
