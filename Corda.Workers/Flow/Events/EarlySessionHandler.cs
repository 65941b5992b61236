using Corda.Workers.Contracts;
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
        if (events.Length >= options.EarlyEventsMax)
        {
            throw new FlowEventException($"Session {received.SessionId} has {events.Length} messages waiting for its first one; no more are kept");
        }

        return Keep(new EarlySession([.. events, received], early?.ExpiresAt ?? context.Now + options.EarlySessionTimeout));
    }

    private static Step<Checkpoint> Keep(EarlySession early) => new(early, [], early.DueAt());
}
