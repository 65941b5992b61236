using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow;

/// <summary>The records that a flow worker writes.</summary>
internal static class FlowOutputs
{
    /// <summary>A message to a counterparty's flow.</summary>
    public static Record Session(FlowId to, SessionEvent message) => Record.Of<FlowEvent>(Topics.FlowEvent, to.ToKey(), message);

    /// <summary>Where a flow stands.</summary>
    public static Record Status(FlowStatus status) => Record.Of(Topics.FlowStatus, status.FlowId.ToKey(), status);

    /// <summary>A flow's status need not be known any more.</summary>
    public static Record NoStatus(byte[] key) => Record.Of<FlowStatus>(Topics.FlowStatus, key, null);

    /// <summary>Tells the sender of a session event that nobody takes it. Null where it does not want to know: it has closed or failed itself.</summary>
    public static Record? Refusal(FlowId receiver, SessionEvent refused, SessionError error) => refused.Message is SessionClose or SessionError
        ? null
        : Session(refused.Sender, new SessionEvent(refused.SessionId, refused.To, refused.From, receiver, null, error));
}
