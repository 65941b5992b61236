using Corda.Workers.Contracts;

namespace Corda.Workers.Flow;

/// <summary>Where flows stand, as clients see it. Only client-started flows have a status.</summary>
internal static class FlowStatuses
{
    /// <summary>The status of a flow, or null where no client started it.</summary>
    public static FlowStatus? Of(RunningFlow flow, FlowState state, DateTimeOffset now, string? result = null, FlowError? error = null) =>
        flow.Start is ClientStart start
            ? new FlowStatus(flow.FlowId, flow.Identity, start.ClientRequestId, flow.FlowClassName, start.Fingerprint, state, result, error, flow.CreatedAt, now)
            : null;
}
