using System.Text;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Cluster;

/// <summary>Says that this worker is there: on every change, and with every beat.</summary>
internal sealed partial class PresencePublisher(SelfPortrait self, IPublisher publisher, TimeSpan beatInterval, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan LastWordTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim changes = new(0, 1);
    private readonly CancellationTokenSource stopping = new();
    private Task publishing = Task.CompletedTask;

    /// <summary>Begins.</summary>
    public void Start() => publishing = Publish();

    /// <summary>Something has changed: says so at once. Any thread; returns at once.</summary>
    public void Changed()
    {
        try
        {
            changes.Release();
        }
        catch (Exception cause) when (cause is SemaphoreFullException or ObjectDisposedException)
        {
            // The change before has not been published yet, and this one goes with it; or nothing is published any more.
        }
    }

    /// <summary>Takes a worker's presence away; completes when that is durable or has failed and is logged.</summary>
    public Task Remove(string workerId) => Guarded(new Record(Topics.WorkerPresence, Encoding.UTF8.GetBytes(workerId), Value: null));

    /// <summary>The end: this worker's presence is taken away, if the bus does it soon; it is known to go in any case.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await publishing;
        await Task.WhenAny(Remove(self.Identity.Id), Task.Delay(LastWordTimeout, time));
        changes.Dispose();
        stopping.Dispose();
    }

    private async Task Publish()
    {
        bool failing = false;
        while (!stopping.IsCancellationRequested)
        {
            bool done = await Guarded(new Record(Topics.WorkerPresence, Encoding.UTF8.GetBytes(self.Identity.Id), self.Next()), quiet: failing);
            failing = !done;
            await NextBeat();
        }
    }

    private async Task NextBeat()
    {
        using var beat = new CancellationTokenSource(beatInterval, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(beat.Token, stopping.Token);
        try
        {
            await changes.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The beat, or the end.
        }
    }

    private async Task<bool> Guarded(Record record, bool quiet = false)
    {
        try
        {
            await publisher.PublishAsync(record);
            return true;
        }
        catch (Exception cause)
        {
            // A beat is followed by the next; a worker that is silent for long is evicted and comes back with its next beat.
            if (!quiet) LogFailed(logger, cause.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The presence of workers cannot be published: {Reason}. It is tried again with every beat")]
    private static partial void LogFailed(ILogger logger, string reason);
}
