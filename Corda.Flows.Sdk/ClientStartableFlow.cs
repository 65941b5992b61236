namespace Corda.Flows;

/// <summary>A flow that a client starts over REST. One public constructor; its parameters are the platform services the flow wants.</summary>
/// <typeparam name="TRequest">What the client sends as <c>requestBody</c>: any type that System.Text.Json reads.</typeparam>
/// <typeparam name="TResult">What the client gets when the flow completes: any type that System.Text.Json writes.</typeparam>
/// <example>
/// <code>
/// [InitiatingFlow("settlement")]
/// public sealed class Settle(IFlowMessaging messaging) : ClientStartableFlow&lt;SettleRequest, Receipt&gt;
/// {
///     public override async FlowTask&lt;Receipt&gt; Call(SettleRequest request)
///     {
///         FlowSession seller = messaging.InitiateFlow(request.Seller);
///         Offer offer = await seller.SendAndReceive&lt;Offer&gt;(request);
///         return new Receipt(offer.Price);
///     }
/// }
/// </code>
/// </example>
public abstract class ClientStartableFlow<TRequest, TResult>
{
    /// <summary>The flow. An exception that leaves it ends the flow as FAILED, with the exception's type and message.</summary>
    public abstract FlowTask<TResult> Call(TRequest request);
}
