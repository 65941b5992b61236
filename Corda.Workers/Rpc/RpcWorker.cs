using Corda.Workers.Messaging;

namespace Corda.Workers.Rpc;

/// <summary>The rpc role: keeps the views current that the REST API answers from.</summary>
internal sealed class RpcWorker(ISubscription virtualNodes, ISubscription flowStatuses, WatchedPublisher publisher) : IWorker
{
    /// <inheritdoc/>
    public WorkerRole Role => WorkerRole.Rpc;

    /// <inheritdoc/>
    public void Start()
    {
        virtualNodes.Start();
        flowStatuses.Start();
    }

    /// <inheritdoc/>
    public IReadOnlyList<PartHealth> Health() => [PartHealth.Of(virtualNodes), PartHealth.Of(flowStatuses), publisher.Health()];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await virtualNodes.DisposeAsync();
        await flowStatuses.DisposeAsync();
    }
}
