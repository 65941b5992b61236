using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow.Services;

/// <inheritdoc/>
internal sealed class MessagingService(FlowServices services, SessionOperations operations) : IFlowMessaging
{
    public FlowSession InitiateFlow(MemberX500Name counterparty, FlowSessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(counterparty);
        options ??= new FlowSessionOptions();
        if (options.Timeout <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Timeout, "A session's timeout must be longer than zero.");
        }

        FlowStep step = services.Step();
        FlowScope scope = FlowFiber.Current.Scope;
        FlowScope initiating = scope.Initiating ?? throw new FlowUsageException(
            $"{scope.FlowClassName} opens a session, but neither it nor a flow around it says which protocol it speaks: put [InitiatingFlow(\"..\")] on the class.");

        SessionState session = Open(step, counterparty, options, initiating, scope.AllProperties());
        // The flow's own sessions end with the flow anyway; only sub-flows must remember theirs.
        if (initiating.Parent is not null) initiating.SessionIds.Add(session.Id.ToString());
        return new FlowSession(session.Id.ToString(), counterparty, operations);
    }

    public FlowTask SendAll<T>(T payload, params IReadOnlyList<FlowSession> sessions)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        return operations.SendToAll(sessions, payload);
    }

    public FlowTask<T[]> ReceiveAll<T>(params IReadOnlyList<FlowSession> sessions)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        return FlowTask.WhenAll((FlowTask<T>[])[.. sessions.Select(session => session.Receive<T>())]);
    }

    private static SessionState Open(
        FlowStep step, MemberX500Name counterparty, FlowSessionOptions options, FlowScope initiating, Dictionary<string, string> properties)
    {
        SessionId id = step.Sessions.NextId();
        var session = new SessionState
        {
            Id = id,
            Counterparty = new HoldingIdentity(counterparty.ToString(), step.Flow.Identity.GroupId),
            CounterpartyFlow = FlowId.OfResponder(id),
            Protocol = initiating.Protocol!,
            RequireClose = options.RequireClose,
            Timeout = options.Timeout ?? step.Options.SessionTimeout,
            Init = new SessionInit(initiating.Protocol!, initiating.ProtocolVersions, options.RequireClose, properties, Payload: null),
        };
        step.Sessions.Put(session);
        return session;
    }
}
