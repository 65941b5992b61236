using Corda.Workers.Contracts;

namespace Corda.Workers.Rpc;

/// <summary>Requests that wait for a flow's status to become something. Thread-safe; nothing polls.</summary>
internal sealed class StatusWaiters
{
    private readonly Lock gate = new();
    private readonly Dictionary<FlowId, List<Waiter>> waiters = [];

    /// <summary>Registers a wait. Read the present status only after this call, so that no change falls between.</summary>
    public Waiter Add(FlowId flowId, Func<FlowStatus, bool> condition)
    {
        var waiter = new Waiter(this, flowId, condition);
        lock (gate)
        {
            if (!waiters.TryGetValue(flowId, out List<Waiter>? ofFlow)) waiters[flowId] = ofFlow = [];
            ofFlow.Add(waiter);
        }

        return waiter;
    }

    /// <summary>Completes those who waited for this.</summary>
    public void Tell(FlowStatus status)
    {
        lock (gate)
        {
            if (!waiters.TryGetValue(status.FlowId, out List<Waiter>? ofFlow)) return;
            foreach (Waiter waiter in ofFlow) waiter.Tell(status);
        }
    }

    private void Remove(Waiter waiter)
    {
        lock (gate)
        {
            List<Waiter> ofFlow = waiters[waiter.FlowId];
            ofFlow.Remove(waiter);
            if (ofFlow.Count == 0) waiters.Remove(waiter.FlowId);
        }
    }

    /// <summary>One wait; dispose it when it is over.</summary>
    internal sealed class Waiter(StatusWaiters owner, FlowId flowId, Func<FlowStatus, bool> condition) : IDisposable
    {
        // Continuations must not run on the thread that follows the topic.
        private readonly TaskCompletionSource<FlowStatus> reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public FlowId FlowId => flowId;

        public Task<FlowStatus> Reached => reached.Task;

        public void Tell(FlowStatus status)
        {
            if (condition(status)) reached.TrySetResult(status);
        }

        public void Dispose() => owner.Remove(this);
    }
}
