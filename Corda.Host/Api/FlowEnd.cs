using Corda.Workers.Contracts;
using Corda.Workers.Rpc;

namespace Corda.Host.Api;

/// <summary>Lets a request wait for the end of a flow, but not hold up the end of the process.</summary>
internal sealed class FlowEnd(FlowStatusView statuses, IHostApplicationLifetime lifetime)
{
    /// <summary>The flow's terminal status, or where it stands when the time is up or the process stops.</summary>
    public async Task<FlowStatus> WaitFor(FlowStatus status, TimeSpan wait, CancellationToken aborted)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        try
        {
            FlowStatus? ended = await statuses.WaitFor(status.FlowId, now => now.State.IsTerminal(), wait, stop.Token);
            return ended ?? statuses.Find(status.FlowId) ?? status;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return statuses.Find(status.FlowId) ?? status;
        }
    }
}
