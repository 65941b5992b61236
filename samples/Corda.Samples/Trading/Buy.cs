namespace Corda.Samples.Trading;

/// <summary>A trade among three parties: the buyer haggles with the seller, asks the regulator, waits for settlement day, and settles.</summary>
/// <param name="engine">The flow's id, sub-flows, properties and time.</param>
/// <param name="messaging">Opens the session with the seller.</param>
/// <param name="log">For the operator.</param>
[InitiatingFlow("trade")]
public sealed class Buy(IFlowEngine engine, IFlowMessaging messaging, IFlowLog log) : ClientStartableFlow<BuyRequest, BuyResult>
{
    private readonly List<string> steps = [];

    /// <inheritdoc/>
    public override async FlowTask<BuyResult> Call(BuyRequest request)
    {
        if (request.Rounds < 1) throw new FlowException($"rounds must be 1 or more, and is {request.Rounds}.");

        // Travels to the seller, the sub-flow and the regulator without being part of any message.
        engine.Properties.Put(TradeProperties.Reference, engine.FlowId);
        var options = new FlowSessionOptions { Timeout = TimeSpan.FromMilliseconds(request.AnswerTimeoutMs) };
        FlowSession seller = messaging.InitiateFlow(request.Seller, options);
        try
        {
            Offer offer = await Negotiate(seller, request);
            return offer.Kind == OfferKind.Accepted
                ? await SettleIfAllowed(seller, offer.Price, request)
                : End(TradeOutcome.NoDeal);
        }
        catch (FlowSessionTimeoutException)
        {
            Tell($"no answer within {request.AnswerTimeoutMs} ms");
            return End(TradeOutcome.SellerSilent);
        }
    }

    private async FlowTask<Offer> Negotiate(FlowSession seller, BuyRequest request)
    {
        decimal price = Math.Round(request.Limit * 0.7m, 2);
        for (int round = 1; ; round++)
        {
            bool isLast = round == request.Rounds;
            if (isLast) price = request.Limit;
            Tell($"bid {price}");
            Offer offer = await seller.SendAndReceive<Offer>(new Bid(request.Item, price, isLast, request.SellerThinkMs));
            Tell($"seller: {offer.Kind} at {offer.Price} ({offer.Reason})");
            if (offer.Kind != OfferKind.Counter) return offer;

            // Meet in the middle, but never above the limit.
            price = Math.Min(request.Limit, Math.Round((price + offer.Price) / 2, 2));
        }
    }

    private async FlowTask<BuyResult> SettleIfAllowed(FlowSession seller, decimal price, BuyRequest request)
    {
        Approval approval = await engine.SubFlow(
            new AskRegulator(messaging, request.Regulator, new ApprovalRequest(request.Seller, request.Item, price)));
        Tell($"regulator: {(approval.IsApproved ? "approved" : "refused")} ({approval.Reason})");
        if (approval.IsApproved)
        {
            await engine.Sleep(TimeSpan.FromMilliseconds(request.SettlementDelayMs));
            Tell($"settlement after {request.SettlementDelayMs} ms");
        }

        Delivery delivery = await seller.SendAndReceive<Delivery>(new Settlement(approval.IsApproved, approval.Reason));
        Tell($"seller: {delivery.Note}");
        return approval.IsApproved ? End(TradeOutcome.Settled, price) : End(TradeOutcome.Forbidden);
    }

    private BuyResult End(TradeOutcome outcome, decimal? price = null)
    {
        log.Info($"trade {engine.FlowId} ended: {outcome}");
        return new BuyResult(outcome, price, engine.FlowId, steps);
    }

    private void Tell(string step) => steps.Add(step);
}

/// <summary>The names of the properties that travel with a trade.</summary>
internal static class TradeProperties
{
    public const string Reference = "trade.reference";
}
