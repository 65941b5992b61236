using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Events;

/// <summary>The first message of a session starts its responder. What came earlier is taken in before the responder runs.</summary>
internal sealed class SessionStartHandler(FlowCatalog catalog, FlowPipeline pipeline, FlowOptions options)
{
    /// <summary>Starts the responder, or tells the initiator why not.</summary>
    /// <param name="id">The responder's id.</param>
    /// <param name="opening">The session's first message.</param>
    /// <param name="init">What it says.</param>
    /// <param name="early">Messages that had overtaken it.</param>
    /// <param name="context">Time and place.</param>
    public Step<Checkpoint> Start(FlowId id, SessionEvent opening, SessionInit init, SessionEvent[] early, StepContext context)
    {
        if (opening.SequenceNumber != 1) throw new FlowEventException($"The first message of session {opening.SessionId} has number {opening.SequenceNumber}");

        VirtualNodeInfo node = catalog.Node(opening.To);
        if (!node.FlowStartActive)
        {
            return Refuse(id, opening, ErrorTypes.NotOperational, $"the virtual node {opening.To.X500Name} takes no new flows", context);
        }

        IReadOnlyList<(FlowPackage Package, ResponderFlowDefinition Flow)> responders = catalog.Responders(node, init.Protocol);
        if (responders.Count == 0)
        {
            return Refuse(id, opening, ErrorTypes.NoResponder, $"{opening.To.X500Name} runs no flow that answers the protocol '{init.Protocol}'", context);
        }

        int[] answered = [.. responders.SelectMany(responder => responder.Flow.ProtocolVersions).Distinct().Order()];
        int[] common = [.. answered.Intersect(init.ProtocolVersions)];
        if (common.Length == 0)
        {
            string versions = $"the initiator speaks {string.Join(", ", init.ProtocolVersions)}, {opening.To.X500Name} answers {string.Join(", ", answered)}";
            return Refuse(id, opening, ErrorTypes.NoCommonVersion, $"no common version of the protocol '{init.Protocol}': {versions}", context);
        }

        int version = common.Max();
        (FlowPackage package, ResponderFlowDefinition flow) = responders.First(responder => responder.Flow.ProtocolVersions.Contains(version));
        return Start(id, opening, init, version, package, flow, early, context);
    }

    private Step<Checkpoint> Start(
        FlowId id, SessionEvent opening, SessionInit init, int version, FlowPackage package, ResponderFlowDefinition definition, SessionEvent[] early,
        StepContext context)
    {
        var step = new FlowStep(NewFlow(id, opening, package, definition, context.Now), context.Now, options);
        step.Sessions.Send(NewSession(opening, init, version), new SessionConfirm(version));
        foreach (SessionEvent received in early) SessionEvents.TakeIn(step, received);

        FlowBlueprint blueprint = FlowBlueprint.Of(definition.Type);
        FlowScope scope = blueprint.NewScope(null);
        foreach ((string key, string value) in init.Properties) scope.Properties[key] = value;

        return pipeline.Start(step, package, scope, services => blueprint.CallResponder(
            services, new FlowSession(opening.SessionId.ToString(), opening.From.Name, services.Sessions)));
    }

    private Step<Checkpoint> Refuse(FlowId id, SessionEvent opening, string errorType, string reason, StepContext context)
    {
        Record refusal = FlowOutputs.Refusal(id, opening, new SessionError(errorType, reason))!;
        return new Step<Checkpoint>(Refused(opening.SessionId, context), [refusal], context.Now + options.ResponderRetention);
    }

    /// <summary>Stays in the place of a responder that was never started, so that a repeated first message does not start it later.</summary>
    private FinishedFlow Refused(SessionId session, StepContext context) =>
        new(FlowState.Failed, [new FinishedSession(session, 1)], context.Now + options.ResponderRetention, HasStatus: false);

    private static RunningFlow NewFlow(FlowId id, SessionEvent opening, FlowPackage package, ResponderFlowDefinition definition, DateTimeOffset now) => new(
        id,
        new SessionStart(opening.SessionId),
        opening.To,
        definition.ClassName,
        package.Hash,
        Frames: [],
        Waiting: [],
        Sessions: [],
        SessionsOpened: 0,
        SuspendCount: 0,
        CreatedAt: now,
        UpdatedAt: now);

    private SessionState NewSession(SessionEvent opening, SessionInit init, int version) => new()
    {
        Id = opening.SessionId,
        Counterparty = opening.From,
        CounterpartyFlow = opening.Sender,
        Protocol = init.Protocol,
        ProtocolVersion = version,
        RequireClose = init.RequireClose,
        Timeout = options.SessionTimeout,
        ReceivedLast = 1,
        Unread = init.Payload is null ? [] : [init.Payload],
    };
}
