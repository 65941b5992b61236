using Corda.Workers.Contracts;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>I1: an acknowledged start ends exactly once, as it must, and clients are told what is in the log. Nothing is refused that should not be.</summary>
internal static class StartInvariant
{
    /// <summary>
    /// Of a run that had its time: starts whose client asks still. Nothing may have been acknowledged of them, and yet it is no engine that loses every start before it says a word.
    /// </summary>
    public static IEnumerable<Violation> StillAsked(IEnumerable<StartHistory> starts) =>
        starts.Where(static start => !start.EndSeen).Select(static start => new Violation("I1 who keeps asking is told an end", $"{start} is asked for in vain"));

    public static IEnumerable<string> Check(Evidence evidence) => evidence.Starts.SelectMany(start => Of(start, evidence.Log));

    private static IEnumerable<string> Of(StartHistory start, CommittedRecords log)
    {
        foreach (Attempt refused in start.Attempts.Where(attempt => attempt.Answer == Answer.Refused)) yield return $"{start} was refused: {refused.Detail}";

        FlowStatus[] statuses = [.. log.Statuses[start.FlowId]];
        FlowStatus[] ends = [.. statuses.Where(status => status.State is FlowState.Completed or FlowState.Failed or FlowState.Killed)];
        if (start.Acknowledged && ends.Length == 0)
        {
            yield return $"{start} was acknowledged and has not ended; its statuses: {string.Join(", ", statuses.Select(status => status.State))}";
        }

        // A repeated start of an ended flow is answered with its end once more; nothing else repeats it.
        int starts = log.StartEvents[start.FlowId].Count();
        if (ends.Length > starts) yield return $"{start} ended {ends.Length} times after {starts} start events";
        string[] different = [.. ends.Select(Text).Distinct()];
        if (different.Length > 1) yield return $"{start} ended in {different.Length} ways: {string.Join(" and ", different)}";
        int end = Array.FindIndex(statuses, status => ends.Contains(status));
        if (end >= 0 && statuses[end..].Except(ends).FirstOrDefault() is { } later) yield return $"{start} was {later.State} after its end";
        if (ends is [var first, ..] && Name(first) != start.Work.MustEnd)
        {
            yield return $"{start} must be {start.Work.MustEnd}, and is {Text(first)}";
        }

        (string State, string? Result)[] told = [.. start.Seen.Where(seen => StartHistory.IsTerminal(seen.State)).Select(seen => (seen.State, seen.Result)).Distinct()];
        foreach ((string state, string? result) in told.Where(one => !ends.Any(status => Name(status) == one.State && status.Result == one.Result)))
        {
            yield return $"{start}: the client was told {state} {result}, which is not in the log";
        }
    }

    // As clients are told it.
    private static string Name(FlowStatus status) => status.State.ToString().ToUpperInvariant();

    private static string Text(FlowStatus status) => $"{status.State} {status.Result} {status.Error?.Message}";
}
