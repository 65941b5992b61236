using System.Data.Common;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Storage;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Db;

/// <summary>
/// The db role: brings the cluster database to the newest schema and to the configured network, then the topic <c>virtual.node.info</c> to what the
/// database says. What fails for now is tried again until it works; health says what it is.
/// </summary>
internal sealed class DbWorker(
    ClusterDatabase database,
    IReadOnlyList<VirtualNodeInfo> network,
    VirtualNodeReconciler reconciler,
    ISubscription virtualNodes,
    IPublisher publisher,
    TimeProvider time,
    ILogger<DbWorker> log) : IWorker
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private readonly VirtualNodeStore store = new(database);
    private readonly CancellationTokenSource stopping = new();
    private Task work = Task.CompletedTask;
    private volatile string? problem = "the configured network is not on the bus yet";

    /// <inheritdoc/>
    public WorkerRole Role => WorkerRole.Db;

    /// <inheritdoc/>
    public void Start()
    {
        virtualNodes.Start();
        work = Task.Run(Work);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PartHealth> Health()
    {
        string? missing = problem ?? Unreadable();
        return [PartHealth.Of(virtualNodes), new PartHealth("cluster database", missing is null, LastProgress: null, missing)];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await work;
        await virtualNodes.DisposeAsync();
        await publisher.DisposeAsync();
        stopping.Dispose();
    }

    private async Task Work()
    {
        try
        {
            while (!await TryReconcile()) await Task.Delay(RetryDelay, time, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The process is stopping; the next start reconciles.
        }
    }

    private async Task<bool> TryReconcile()
    {
        try
        {
            database.Migrate(time.GetUtcNow());
            store.ReplaceAll(network);
            await reconciler.SnapshotTaken.WaitAsync(stopping.Token);
            IReadOnlyCollection<VirtualNodeInfo> table = store.All();
            IReadOnlyList<Record> difference = reconciler.Difference(table);
            if (difference.Count > 0) await publisher.PublishAsync(difference);

            // What was published is on its way through the bus; whoever sees this worker ready expects to see the virtual nodes.
            await reconciler.Says(table, stopping.Token);
            problem = null;
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            problem = $"the virtual nodes cannot be brought up to date, next attempt in {RetryDelay.TotalSeconds:0} s: {error.Message}";
            log.LogWarning(error, "Virtual nodes cannot be brought up to date, next attempt in {RetryDelay}", RetryDelay);
            return false;
        }
    }

    private string? Unreadable()
    {
        try
        {
            database.Probe();
            return null;
        }
        catch (DbException error)
        {
            return $"the cluster database cannot be read: {error.Message}";
        }
    }
}
