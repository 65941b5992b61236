using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.Workers.Contracts;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>
/// Clients, each with one flow under way: starts it, repeats the same start until it is told the end, and takes the next. What it did and was told is the history that the
/// oracle judges.
/// </summary>
internal sealed class ClosedLoop(IClusterEdge edge)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentQueue<StartHistory> histories = new();
    private readonly long begin = Stopwatch.GetTimestamp();
    private volatile bool finishing;

    public IReadOnlyList<StartHistory> Histories => [.. histories];

    /// <summary>The time of the histories.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(begin);

    /// <summary>Ends when every work has been told its end, or with the token.</summary>
    public Task RunAsync(IEnumerable<(string Id, FlowWork Work)> works, int clients, CancellationToken cancellationToken)
    {
        var left = new ConcurrentQueue<(string Id, FlowWork Work)>(works);
        return Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ClientAsync(left, cancellationToken)));
    }

    /// <summary>Every client ends with the flow it has.</summary>
    public void Finish() => finishing = true;

    private async Task ClientAsync(ConcurrentQueue<(string Id, FlowWork Work)> left, CancellationToken cancellationToken)
    {
        while (!finishing && !cancellationToken.IsCancellationRequested && left.TryDequeue(out (string Id, FlowWork Work) next))
        {
            var history = new StartHistory(next.Id, FlowId.OfClientStart(edge.ShortHash, next.Id).ToString(), next.Work);
            histories.Enqueue(history);
            try
            {
                await ToTheEndAsync(history, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return; // the run is over; the oracle sees that this flow's end was not told
            }
        }
    }

    private async Task ToTheEndAsync(StartHistory history, CancellationToken cancellationToken)
    {
        while (!history.EndSeen)
        {
            TimeSpan began = Stopwatch.GetElapsedTime(begin);
            (Answer answer, string detail, JsonNode? status) = await edge.StartAsync(history.Id, history.Work, cancellationToken);
            history.Tried(new Attempt(began, Stopwatch.GetElapsedTime(begin), answer, detail), status);
            if (answer == Answer.Refused) return;
            if (!history.EndSeen) await Task.Delay(RetryPause, cancellationToken);
        }
    }
}
