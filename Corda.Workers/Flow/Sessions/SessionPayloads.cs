using System.Text.Json;
using Corda.Flows;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;

namespace Corda.Workers.Flow.Sessions;

/// <summary>Payloads between a flow's types and a session's bytes. The flow's own constructors and properties run here, and may throw anything.</summary>
internal static class SessionPayloads
{
    /// <summary>A payload as JSON.</summary>
    /// <exception cref="FlowSessionException">It cannot be written as JSON.</exception>
    public static byte[] Write<T>(T payload)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(payload, FlowJson.Options);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            throw new FlowSessionException($"A {payload?.GetType() ?? typeof(T)} cannot be sent, because it cannot be written as JSON: {cause.Message}");
        }
    }

    /// <summary>What a receive gets now: the next payload, or why none will come. Null while one may come.</summary>
    public static Outcome? TakeNext(FlowSessions sessions, SessionState session, Type expected)
    {
        if (session.Unread is not [{ } payload, ..])
        {
            return session.WhyNothingComes() is { } problem ? Outcome.Failed(problem) : null;
        }

        sessions.Put(session with { Unread = session.Unread[1..] });
        return Read(session, payload, expected);
    }

    private static Outcome Read(SessionState session, byte[] payload, Type expected)
    {
        try
        {
            return Outcome.Of(JsonSerializer.Deserialize(payload, expected, FlowJson.Options));
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            return Outcome.Failed(new FlowSessionException(
                $"The payload from {session.Counterparty.X500Name} on session {session.Id} is not a {expected}: {cause.Message}"));
        }
    }
}
