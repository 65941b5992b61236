using Corda.Workers.Messaging;

namespace Corda.Workers.Flow;

/// <summary>The flow role: follows the virtual nodes, and runs flows by state and event.</summary>
internal sealed class FlowWorker(VirtualNodeView nodes, ISubscription virtualNodes, ISubscription flows) : IWorker
{
    private readonly CancellationTokenSource stopping = new();
    private volatile bool started;
    private Task starting = Task.CompletedTask;

    /// <inheritdoc/>
    public WorkerRole Role => WorkerRole.Flow;

    /// <inheritdoc/>
    public long? StandbyLag => flows.StandbyLag;

    /// <inheritdoc/>
    public void Start()
    {
        virtualNodes.Start();
        starting = StartFlows();
    }

    /// <inheritdoc/>
    public IReadOnlyList<PartHealth> Health() =>
    [
        PartHealth.Of(virtualNodes),
        started ? PartHealth.Of(flows) : new PartHealth(flows.Name, Ready: false, LastProgress: null, "waits for the virtual nodes"),
    ];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await starting;
        await flows.DisposeAsync();
        await virtualNodes.DisposeAsync();
        stopping.Dispose();
    }

    // A worker that knew no virtual nodes yet would park every flow it is handed, and each would lose a second.
    private async Task StartFlows()
    {
        try
        {
            await nodes.Loaded.WaitAsync(stopping.Token);
            flows.Start();
            started = true;
        }
        catch (OperationCanceledException)
        {
            // Stopped before it was ready.
        }
    }
}
