namespace Corda.Flows;

/// <summary>
/// The other side of a session: started by the platform when a counterparty's <see cref="InitiatingFlowAttribute">initiating flow</see> of
/// the same protocol first sends to this virtual node. Marked with <see cref="InitiatedByAttribute"/>.
/// </summary>
public abstract class ResponderFlow
{
    /// <summary>The flow. An exception that leaves it ends the flow as FAILED; the counterparty gets a <see cref="CounterpartyFlowException"/>.</summary>
    public abstract FlowTask Call(FlowSession session);
}
