namespace Corda.FaultFlows;

/// <summary>How much to talk.</summary>
/// <param name="Counterparty">With whom.</param>
/// <param name="Rounds">How many words there and back.</param>
public sealed record ChatterRequest(MemberX500Name Counterparty, int Rounds);

/// <summary>More words than one transaction holds: some of them travel over the log, where a worker built wrong can lose them or hear them twice.</summary>
[InitiatingFlow("fault-chatter")]
public sealed class Chatter(IFlowMessaging messaging) : ClientStartableFlow<ChatterRequest, int>
{
    /// <inheritdoc/>
    public override async FlowTask<int> Call(ChatterRequest request)
    {
        FlowSession session = messaging.InitiateFlow(request.Counterparty);
        int heard = 0;
        for (int round = 1; round <= request.Rounds; round++) heard = await session.SendAndReceive<int>(round);
        await session.Send(-1);
        await session.Close();
        return heard;
    }
}

/// <summary>The other side of <see cref="Chatter"/>: says how many words it has heard.</summary>
[InitiatedBy("fault-chatter")]
public sealed class ChatterResponder : ResponderFlow
{
    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        for (int heard = 1; await session.Receive<int>() >= 0; heard++) await session.Send(heard);
    }
}
