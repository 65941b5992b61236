namespace Corda.Samples.Trading;

/// <summary>Buyer to seller: one round of the negotiation.</summary>
/// <param name="Item">What.</param>
/// <param name="Price">For how much.</param>
/// <param name="IsLast">Whether the buyer will bid no more.</param>
/// <param name="ThinkMs">For trying out timeouts: how long the seller shall take over it, in milliseconds.</param>
public sealed record Bid(string Item, decimal Price, bool IsLast, int ThinkMs);

/// <summary>Seller to buyer: the answer to a bid.</summary>
/// <param name="Kind">Yes, no, or for another price.</param>
/// <param name="Price">The price agreed or asked.</param>
/// <param name="Reason">For people.</param>
public sealed record Offer(OfferKind Kind, decimal Price, string Reason);

/// <summary>The seller's answer.</summary>
public enum OfferKind
{
    /// <summary>The seller would sell for another price.</summary>
    Counter,

    /// <summary>Agreed.</summary>
    Accepted,

    /// <summary>The seller will not sell.</summary>
    Declined,
}

/// <summary>Buyer to seller, once they have agreed: whether the trade takes place.</summary>
/// <param name="Go">Whether it does.</param>
/// <param name="Reason">For people.</param>
public sealed record Settlement(bool Go, string Reason);

/// <summary>Seller to buyer: what was done.</summary>
/// <param name="Note">For people; repeats the trade's reference, which nobody ever sent: it travels with the flow.</param>
public sealed record Delivery(string Note);

/// <summary>Buyer to regulator.</summary>
/// <param name="Seller">Who sells.</param>
/// <param name="Item">What.</param>
/// <param name="Price">For how much.</param>
public sealed record ApprovalRequest(MemberX500Name Seller, string Item, decimal Price);

/// <summary>Regulator to buyer.</summary>
/// <param name="IsApproved">Whether the trade may take place.</param>
/// <param name="Reason">For people.</param>
public sealed record Approval(bool IsApproved, string Reason);
