namespace Corda.Samples.Trading;

/// <summary>What to buy.</summary>
/// <param name="Seller">From whom.</param>
/// <param name="Regulator">Who must approve.</param>
/// <param name="Item">What: the seller has <c>tulip</c> (40), <c>bond</c> (100) and <c>diamond</c> (25000, more than the regulator allows).</param>
/// <param name="Limit">The most the buyer will pay.</param>
/// <param name="Rounds">How many bids to make at most, 1 or more.</param>
/// <param name="SettlementDelayMs">How long after approval the trade settles, in milliseconds.</param>
/// <param name="AnswerTimeoutMs">How long to wait for each answer of the seller, in milliseconds.</param>
/// <param name="SellerThinkMs">How long the seller shall think over each bid, in milliseconds: more than the timeout shows what happens then.</param>
public sealed record BuyRequest(
    MemberX500Name Seller,
    MemberX500Name Regulator,
    string Item = "bond",
    decimal Limit = 100,
    int Rounds = 4,
    int SettlementDelayMs = 500,
    int AnswerTimeoutMs = 10_000,
    int SellerThinkMs = 0);

/// <summary>How it ended.</summary>
/// <param name="Outcome">In a word.</param>
/// <param name="Price">The price paid, or null.</param>
/// <param name="Reference">The trade's reference: the buyer's flow id.</param>
/// <param name="Steps">What happened, in order.</param>
public sealed record BuyResult(TradeOutcome Outcome, decimal? Price, string Reference, IReadOnlyList<string> Steps);

/// <summary>How a trade ended.</summary>
public enum TradeOutcome
{
    /// <summary>Paid and delivered.</summary>
    Settled,

    /// <summary>Buyer and seller did not agree.</summary>
    NoDeal,

    /// <summary>They agreed, but the regulator did not.</summary>
    Forbidden,

    /// <summary>The seller did not answer in time.</summary>
    SellerSilent,
}
