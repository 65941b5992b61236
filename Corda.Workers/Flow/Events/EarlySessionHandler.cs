using Corda.Workers.Contracts;
using Corda.Workers.Flow.Sessions;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow.Events;

/// <summary>A message that comes to a responder before the responder is there: overtaken by it, the first message is still on its way.</summary>
internal sealed class EarlySessionHandler(SessionStartHandler sessionStart, FlowOptions options)
{
    public Step<Checkpoint> OnMessage(FlowId id, EarlySession? early, SessionEvent received, StepContext context)
    {
        if (id != FlowId.OfResponder(received.SessionId)) return SessionEvents.ToNobody(id, received);
        if (received.Message is SessionInit init) return sessionStart.Start(id, received, init, early?.Events ?? [], context);

        SessionEvent[] events = early?.Events ?? [];
        if (events.Any(other => other.SequenceNumber == received.SequenceNumber)) return Keep(early!);
        long bytes = events.Sum(static kept => (long)SessionInbox.BytesOf(kept.Message));
        if (SessionInbox.Refuses(events.Length, bytes, received.Message, options) is { } full) return Break(id, received, full, context);

        return Keep(new EarlySession([.. events, received], early?.ExpiresAt ?? context.Now + options.EarlySessionTimeout));
    }

    // Its trace stays, so that the first message does not start it after all.
    private Step<Checkpoint> Break(FlowId id, SessionEvent received, SessionError error, StepContext context)
    {
        var ended = new FinishedFlow(
            FlowState.Failed, [new FinishedSession(received.SessionId, 1)], context.Now + options.ResponderRetention, HasStatus: false);
        return new Step<Checkpoint>(ended, FlowOutputs.Refusal(id, received, error) is { } refusal ? [refusal] : [], ended.DueAt());
    }

    private static Step<Checkpoint> Keep(EarlySession early) => new(early, [], early.DueAt());
}
