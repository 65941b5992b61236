using Corda.Workers.Contracts;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>How flows ended, as the log says.</summary>
internal static class Ends
{
    /// <summary>The result of a completed flow, JSON; null if it has not completed.</summary>
    public static string? Result(CommittedRecords log, StartHistory start) =>
        log.Statuses[start.FlowId].FirstOrDefault(status => status.State == FlowState.Completed)?.Result;

    public static bool Ended(CommittedRecords log, string flowId) =>
        log.Statuses[flowId].Any(status => status.State is FlowState.Completed or FlowState.Failed or FlowState.Killed);
}
