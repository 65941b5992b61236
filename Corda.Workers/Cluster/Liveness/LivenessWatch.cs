using System.Diagnostics;
using Corda.Workers.Messaging;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>What is known of another worker's process.</summary>
internal enum Verdict
{
    /// <summary>Nothing yet, or nothing can be known from here.</summary>
    Unknown,

    /// <summary>A connection stands.</summary>
    Connected,

    /// <summary>The connection broke and nobody says why. Its beats decide.</summary>
    Suspect,

    /// <summary>Its kernel says that it is no more.</summary>
    Dead,
}

/// <summary>Watches one life of another worker by a connection to it, from now until it is disposed of.</summary>
internal sealed class LivenessWatch : IAsyncDisposable
{
    // All of it within 50 ms: a process that is there answers the first; a full second would double the time of a failover.
    private static readonly TimeSpan[] RefusalDelays = [TimeSpan.Zero, TimeSpan.FromMilliseconds(15), TimeSpan.FromMilliseconds(35)];
    private static readonly BackOff AfterSilence = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));

    private readonly WorkerIdentity other;
    private readonly string address;
    private readonly ILivenessDialer dialer;
    private readonly Action<WorkerIdentity, Verdict, string> report;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task watching;

    /// <summary>Watches from now on.</summary>
    /// <param name="other">Whom to watch.</param>
    /// <param name="address">Where.</param>
    /// <param name="dialer">Connects.</param>
    /// <param name="report">Told of every verdict, with the reason; must be quick.</param>
    /// <param name="time">The only clock.</param>
    public LivenessWatch(WorkerIdentity other, string address, ILivenessDialer dialer, Action<WorkerIdentity, Verdict, string> report, TimeProvider time)
    {
        (this.other, this.address, this.dialer, this.report, this.time) = (other, address, dialer, report, time);
        watching = Watch();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching;
        stopping.Dispose();
    }

    private async Task Watch()
    {
        try
        {
            await Task.Yield();
            for (int silences = 0; ; silences++)
            {
                if (await WatchOnce())
                {
                    silences = 0;
                    continue;
                }

                await Task.Delay(AfterSilence.After(silences + 1), time, stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Nobody is interested any more.
        }
    }

    // Whether there was a connection. What another worker says of itself, its address too, must not end the watch on it.
    private async Task<bool> WatchOnce()
    {
        try
        {
            switch (await DialUntilSure())
            {
                case DialResult.Connected(Stream stream):
                    report(other, Verdict.Connected, "connected");
                    await using (stream) await LivenessSockets.UntilClosed(stream, stopping.Token);
                    return true;
                case DialResult.Gone(string reason):
                    report(other, Verdict.Dead, reason);
                    return false;
                case DialResult.TurnedAway(string reason):
                    report(other, Verdict.Suspect, reason);
                    return false;
                case DialResult.Unreachable(string reason):
                    report(other, Verdict.Suspect, reason);
                    return false;
                default:
                    throw new UnreachableException("A DialResult that is none");
            }
        }
        catch (Exception cause) when (cause is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            report(other, Verdict.Suspect, cause.Message);
            return false;
        }
    }

    /// <summary>
    /// Tries again at once where the answer was no, and the last of three answers counts: one refusal can be a backlog, and who is turned away by a process that is ending is
    /// refused a moment later.
    /// </summary>
    private async Task<DialResult> DialUntilSure()
    {
        DialResult result = new DialResult.Unreachable("not tried");
        foreach (TimeSpan delay in RefusalDelays)
        {
            if (delay > TimeSpan.Zero) await Task.Delay(delay, time, stopping.Token);
            result = await dialer.Dial(other, address, stopping.Token);
            if (result is DialResult.Connected or DialResult.Unreachable) return result;
        }

        return result;
    }
}
