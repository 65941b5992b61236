using Corda.Flows.CompilerServices;

namespace Corda.Flows;

/// <summary>
/// A conversation between two flows: ordered, each payload delivered exactly once in effect, over any crash of either side. Payloads are
/// written as JSON.
/// </summary>
public sealed class FlowSession
{
    private readonly ISessionOperations operations;

    internal FlowSession(string id, MemberX500Name counterparty, ISessionOperations operations)
    {
        Id = id;
        Counterparty = counterparty;
        this.operations = operations;
    }

    /// <summary>The session's id, the same on both sides.</summary>
    public string Id { get; }

    /// <summary>Who is at the other end.</summary>
    public MemberX500Name Counterparty { get; }

    /// <summary>Sends. Does not wait for the counterparty; the payload leaves when this step commits.</summary>
    /// <exception cref="FlowSessionException">The session is closed or in error.</exception>
    public FlowTask Send<T>(T payload) => operations.Send(this, payload);

    /// <summary>Waits for the next payload.</summary>
    /// <exception cref="CounterpartyFlowException">The counterparty's flow has failed or was killed.</exception>
    /// <exception cref="FlowSessionTimeoutException">Nothing came in time.</exception>
    /// <exception cref="FlowSessionException">The session is closed, or the payload is not a <typeparamref name="T"/>.</exception>
    public FlowTask<T> Receive<T>() => operations.Receive<T>(this);

    /// <summary>Sends, then waits for the next payload. Errors as <see cref="Receive{T}"/>.</summary>
    public FlowTask<T> SendAndReceive<T>(object payload) => operations.SendAndReceive<T>(this, payload);

    /// <summary>Waits until the counterparty has agreed to the session and answers what it runs.</summary>
    public FlowTask<FlowInfo> GetCounterpartyFlowInfo() => operations.CounterpartyInfo(this);

    /// <summary>Closes this side; with <see cref="FlowSessionOptions.RequireClose"/> waits for the other. A flow's end closes what is still open.</summary>
    public FlowTask Close() => operations.Close(this);

    /// <inheritdoc/>
    public override string ToString() => $"session {Id} with {Counterparty}";
}

/// <summary>The protocol a session speaks.</summary>
/// <param name="Protocol">Its name.</param>
/// <param name="ProtocolVersion">The version both sides agreed on.</param>
public sealed record FlowInfo(string Protocol, int ProtocolVersion);
