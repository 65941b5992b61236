namespace Corda.Flows;

/// <summary>Conversations with flows on other virtual nodes. Injected into flows.</summary>
public interface IFlowMessaging
{
    /// <summary>
    /// Opens a session with a counterparty. Nothing is sent before the first send, receive or <see cref="FlowSession.GetCounterpartyFlowInfo"/>.
    /// </summary>
    /// <exception cref="FlowUsageException">Neither this flow nor a flow around it has an <see cref="InitiatingFlowAttribute"/>.</exception>
    FlowSession InitiateFlow(MemberX500Name counterparty, FlowSessionOptions? options = null);

    /// <summary>Sends one payload to every session.</summary>
    FlowTask SendAll<T>(T payload, params IReadOnlyList<FlowSession> sessions);

    /// <summary>Waits for one payload from every session; the results stand in the order of the sessions.</summary>
    FlowTask<T[]> ReceiveAll<T>(params IReadOnlyList<FlowSession> sessions);
}

/// <summary>How a session behaves.</summary>
public sealed record FlowSessionOptions
{
    /// <summary>How long a receive on this session may wait before it throws <see cref="FlowSessionTimeoutException"/>; null: the platform's default.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether <see cref="FlowSession.Close"/> waits until the counterparty has closed as well. Default true.</summary>
    public bool RequireClose { get; init; } = true;
}
