using System.Text.Json;
using Corda.Workers.Contracts;

namespace Corda.Tests.Flow.Scenarios.Support;

/// <summary>One end of a session, played by the test against a flow at the other end. Numbers its messages; a number given by hand does not count.</summary>
internal sealed class Peer(Scenario scenario, SessionId session, HoldingIdentity self, HoldingIdentity other, FlowId ownFlow, FlowId flow)
{
    private int sentLast;

    public SessionId Session => session;

    /// <summary>The flow at the other end.</summary>
    public FlowId Flow => flow;

    public Reaction Init(string protocol, object? payload = null, int[]? versions = null, Dictionary<string, string>? properties = null, bool requireClose = true) =>
        Send(Opening(protocol, payload, versions, properties, requireClose));

    public SessionInit Opening(
        string protocol, object? payload = null, int[]? versions = null, Dictionary<string, string>? properties = null, bool requireClose = true) =>
        new(protocol, versions ?? [1], requireClose, properties ?? [], payload is null ? null : Bytes(payload));

    public Reaction Confirm(int version = 1) => Send(new SessionConfirm(version));

    public Reaction Data(object? payload) => Send(new SessionData(Bytes(payload)));

    public Reaction Close() => Send(new SessionClose());

    public Reaction Error(string type, string message) => Deliver(new SessionError(type, message), null);

    public Reaction Send(SessionMessage message) => Deliver(message, ++sentLast);

    /// <summary>A message under a number that the test chooses.</summary>
    public Reaction Deliver(SessionMessage message, int? number) => scenario.Deliver(flow, Event(message, number));

    public SessionEvent Event(SessionMessage message, int? number) => new(session, self, other, ownFlow, number, message);

    public static SessionData Payload(object? payload) => new(Bytes(payload));

    private static byte[] Bytes(object? payload) => JsonSerializer.SerializeToUtf8Bytes(payload, FlowJson.Options);
}
