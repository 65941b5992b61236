using Corda.Workers.Cluster;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Storage;
using Microsoft.Extensions.Hosting;

namespace Corda.Workers;

/// <summary>
/// Runs the roles of this process: makes and starts them with the host, and stops them with it; roles first, then the bus, then the data folder.
/// </summary>
internal sealed class WorkersService(
    IEnumerable<WorkerFactory> factories, Subscriptions subscriptions, IMessageBus bus, IServiceProvider services, DataFolder? dataFolder = null,
    ClusterService? cluster = null)
    : IHostedService, IAsyncDisposable
{
    private volatile IReadOnlyList<IWorker> workers = [];
    private int stopped;

    /// <summary>The roles at work; empty before the start.</summary>
    public IReadOnlyList<IWorker> Workers => workers;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Everything that can be wrong with the surroundings shows in making the workers; only then do any loops run.
        workers = [.. factories.Select(factory => factory(subscriptions, services))];
        cluster?.Start();
        foreach (IWorker worker in workers) worker.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref stopped, 1) == 1) return;

        cluster?.Drain();

        // All at once: each finishes what it has begun, and none waits for another's.
        ValueTask[] stopping = [.. workers.Select(worker => worker.DisposeAsync())];
        foreach (ValueTask stop in stopping) await stop;
        if (cluster is not null) await cluster.DisposeAsync();

        // Whoever has seen this process stop may start another one on the data folder at once.
        await bus.DisposeAsync();
        dataFolder?.Dispose();
    }

    /// <summary>Stops the roles where the host could not start wholly, and so never stops.</summary>
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));
}

/// <summary>Makes the worker of a role.</summary>
internal delegate IWorker WorkerFactory(Subscriptions subscriptions, IServiceProvider services);
