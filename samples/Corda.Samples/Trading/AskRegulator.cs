namespace Corda.Samples.Trading;

/// <summary>Asks the regulator: a sub-flow with a protocol of its own. The session it opens ends with it.</summary>
/// <param name="messaging">Opens the session.</param>
/// <param name="regulator">Whom to ask.</param>
/// <param name="request">What about.</param>
[InitiatingFlow("trade-approval")]
public sealed class AskRegulator(IFlowMessaging messaging, MemberX500Name regulator, ApprovalRequest request) : SubFlow<Approval>
{
    /// <inheritdoc/>
    public override async FlowTask<Approval> Call() => await messaging.InitiateFlow(regulator).SendAndReceive<Approval>(request);
}

/// <summary>The regulator: approves what is not too big.</summary>
/// <param name="properties">What travelled with the session.</param>
[InitiatedBy("trade-approval")]
public sealed class Approve(IFlowContextProperties properties) : ResponderFlow
{
    private const decimal PriceMax = 10_000;

    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        ApprovalRequest request = await session.Receive<ApprovalRequest>();
        string trade = $"trade {properties[TradeProperties.Reference]}";
        Approval approval = request.Price > PriceMax
            ? new Approval(IsApproved: false, $"{trade}: {request.Price} is more than {PriceMax}")
            : new Approval(IsApproved: true, $"{trade}: up to {PriceMax} is free");
        await session.Send(approval);
    }
}
