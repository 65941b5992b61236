using System.Text.Json;
using Corda.FaultFlows;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>I5: coins that went between virtual nodes are all there, and where they must be.</summary>
internal static class SumInvariant
{
    public static IEnumerable<string> Check(Evidence evidence)
    {
        foreach (StartHistory start in evidence.Starts)
        {
            if (start.Work is not FlowWork.OfTransfer work || Ends.Result(evidence.Log, start) is not { } json) continue;
            TransferResult result = JsonSerializer.Deserialize<TransferResult>(json, JsonSerializerOptions.Web)!;
            int all = result.Kept + result.Purses.Sum();
            if (all != work.Coins) yield return $"{start}: {all} coins in the end ({result.Kept} kept, {string.Join(" + ", result.Purses)} paid)";
            else if (!Expected(work).SequenceEqual([result.Kept, .. result.Purses])) yield return $"{start}: {result.Kept} kept and {string.Join(", ", result.Purses)} paid, not as agreed";
        }
    }

    // The same arithmetic once more, without any runtime below it.
    private static List<int> Expected(FlowWork.OfTransfer work)
    {
        int kept = work.Coins;
        int[] purses = new int[work.Counterparties.Length];
        for (int round = 0; round < work.Rounds; round++)
        {
            int paid = kept / 3;
            int purse = purses[round % purses.Length] + paid;
            int back = purse / 2;
            kept += back - paid;
            purses[round % purses.Length] = purse - back;
        }

        return [kept, .. purses];
    }
}
