using System.Text.Json;
using Corda.FaultFlows;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>I2: of every step of every ended flow exactly one execution was kept, and the ledger knows it; on both sides of a conversation. And every word is heard once.</summary>
internal static class StepInvariant
{
    public static IEnumerable<string> Check(Evidence evidence)
    {
        var kept = new Dictionary<string, string>();
        foreach (StartHistory start in evidence.Starts)
        {
            if (start.Work is FlowWork.OfChatter chatter && Ends.Result(evidence.Log, start) is { } heard && heard != $"{chatter.Rounds}")
            {
                yield return $"{start}: {heard} words were heard";
            }

            if (start.Work is not FlowWork.OfSteps work || Ends.Result(evidence.Log, start) is not { } json) continue;
            StepsResult result = JsonSerializer.Deserialize<StepsResult>(json, JsonSerializerOptions.Web)!;
            string[] subSteps = [.. Enumerable.Range(1, work.Count).Select(step => $"{step}.sub")];
            string[] steps = [.. Enumerable.Range(1, work.Count).Select(step => $"{step}")];
            foreach (string wrong in Side(start, "own", result.FlowId, steps, result.Executions, evidence.Ledger, kept)
                .Concat(Side(start, "sub-flow", result.FlowId, subSteps, result.SubExecutions, evidence.Ledger, kept))
                .Concat(Side(start, "counterparty", result.PeerId, steps, result.PeerExecutions, evidence.Ledger, kept)))
            {
                yield return wrong;
            }

            int sum = work.Count * (work.Count + 1) / 2;
            if (result.PeerSum != sum) yield return $"{start}: its counterparty heard {result.PeerSum} instead of {sum}";
        }
    }

    private static IEnumerable<string> Side(
        StartHistory start, string side, string flow, string[] steps, string[] executions, EffectLedger ledger, Dictionary<string, string> kept)
    {
        if (executions.Length != steps.Length) yield return $"{start}: {executions.Length} {side} effects were kept of {steps.Length} steps";
        foreach ((string step, string execution) in steps.Zip(executions))
        {
            if (!ledger.Of(flow, step).Contains(execution)) yield return $"{start}: {side} step {step} kept execution {execution}, which the ledger does not know for it";
            if (!kept.TryAdd(execution, $"{start} {side} {step}")) yield return $"{start}: {side} step {step} and {kept[execution]} kept the same execution {execution}";
        }
    }
}
