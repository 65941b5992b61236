namespace Corda.Samples.Trading;

/// <summary>The other side of <see cref="Buy"/>: comes down from its list price step by step, but never below 85% of it.</summary>
/// <param name="engine">Time, and the properties that came with the session.</param>
[InitiatedBy("trade")]
public sealed class Sell(IFlowEngine engine) : ResponderFlow
{
    private const decimal LowestShare = 0.85m;
    private const decimal StepShare = 0.05m;

    private static readonly Dictionary<string, decimal> ListPrices =
        new(StringComparer.OrdinalIgnoreCase) { ["tulip"] = 40, ["bond"] = 100, ["diamond"] = 25_000 };

    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        if (await Negotiate(session) != OfferKind.Accepted) return;

        Settlement settlement = await session.Receive<Settlement>();
        string reference = engine.Properties[TradeProperties.Reference] ?? "without a reference";
        string note = settlement.Go ? "delivered" : "kept";
        await session.Send(new Delivery($"{note}, trade {reference}"));
    }

    private async FlowTask<OfferKind> Negotiate(FlowSession session)
    {
        for (int round = 0; ; round++)
        {
            Bid bid = await session.Receive<Bid>();
            if (bid.ThinkMs > 0) await engine.Sleep(TimeSpan.FromMilliseconds(bid.ThinkMs));
            Offer offer = Answer(bid, round);
            await session.Send(offer);
            if (offer.Kind != OfferKind.Counter) return offer.Kind;
        }
    }

    private static Offer Answer(Bid bid, int round)
    {
        if (!ListPrices.TryGetValue(bid.Item, out decimal list)) return new Offer(OfferKind.Declined, bid.Price, $"{bid.Item} is not for sale");

        decimal asked = Math.Round(list * Math.Max(LowestShare, 1 - (StepShare * round)), 2);
        if (bid.Price >= asked) return new Offer(OfferKind.Accepted, bid.Price, "agreed");
        return bid.IsLast
            ? new Offer(OfferKind.Declined, asked, "too little, and no further bid")
            : new Offer(OfferKind.Counter, asked, "too little");
    }
}
