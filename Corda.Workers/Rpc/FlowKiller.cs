using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Rpc;

/// <summary>Kills flows. Thread-safe.</summary>
internal sealed class FlowKiller(IPublisher publisher, FlowStatusView statuses, RpcOptions options)
{
    /// <summary>Publishes the kill and waits until the flow has ended. Killing a killed flow again changes nothing.</summary>
    public async Task<KillOutcome> Kill(FlowId flowId, CancellationToken cancellationToken)
    {
        if (statuses.Find(flowId) is not { } status) return new KillOutcome.UnknownFlow();
        if (status.State.IsTerminal()) return Ended(status);

        try
        {
            await publisher.PublishAsync(Record.Of<FlowEvent>(Topics.FlowEvent, flowId.ToKey(), new KillFlow("killed by an operator over the REST API")));
        }
        catch (MessagingTransientException cause)
        {
            return new KillOutcome.Unavailable($"The bus does not take the request for now: {cause.Message}");
        }
        catch (MessagingIndefiniteException)
        {
            // It may have been written: the flow's status will tell.
        }

        FlowStatus? ended = await statuses.WaitFor(flowId, now => now.State.IsTerminal(), options.ConfirmTimeout, cancellationToken);
        return ended is null
            ? new KillOutcome.Unavailable($"No flow worker has confirmed the kill within {options.ConfirmTimeout.TotalSeconds:0.#} s.")
            : Ended(ended);
    }

    private static KillOutcome Ended(FlowStatus status) =>
        status.State == FlowState.Killed ? new KillOutcome.Killed(status) : new KillOutcome.EndedOtherwise(status);
}
