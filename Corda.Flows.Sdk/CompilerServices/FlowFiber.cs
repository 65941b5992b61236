using System.ComponentModel;

namespace Corda.Flows.CompilerServices;

/// <summary>
/// One flow's program in memory: the root task, the operations it is parked on and the scope of its first frame. This object is the root
/// of the graph that a checkpoint saves.
/// </summary>
/// <remarks>
/// Frames run one after the other on the thread that calls <see cref="Start"/> or <see cref="Run"/>, from a queue and not from each
/// other's stack, so that recursion costs no stack when it unwinds. Not thread-safe; one thread at a time.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class FlowFiber
{
    [ThreadStatic]
    private static FlowFiber? current;

    // Empty whenever a checkpoint is taken, so never saved; a restored fiber makes it when it first runs.
    [NonSerialized]
    private Queue<IFlowFrame>? ready;
    private readonly List<IFlowOperation> pending = [];
    private FlowTask? root;
    private int lastOperationId;

    internal FlowFiber(FlowScope scope) => Scope = scope;

    /// <summary>The fiber that runs on this thread.</summary>
    /// <exception cref="FlowUsageException">None does: a flow operation was called outside a flow.</exception>
    internal static FlowFiber Current => current ?? throw FlowUsageException.CalledOutsideFlow();

    /// <summary>The scope of the code that runs now.</summary>
    internal FlowScope Scope { get; set; }

    /// <summary>The flow's own task: ended when the flow has.</summary>
    internal FlowTask Root => root ?? throw new InvalidOperationException("The fiber has not started.");

    /// <summary>Operations under way, oldest first.</summary>
    internal IReadOnlyList<IFlowOperation> Pending => pending;

    /// <summary>Starts an operation: the caller asks the engine for it and may complete it at once.</summary>
    internal FlowOperation<T> NewOperation<T>()
    {
        var operation = new FlowOperation<T>(++lastOperationId);
        pending.Add(operation);
        return operation;
    }

    /// <summary>Runs the flow's method to its first suspension point or its end.</summary>
    internal void Start(Func<FlowTask> method)
    {
        TakeThread();
        try
        {
            root = method();
            Drain();
        }
        finally
        {
            current = null;
        }
    }

    /// <summary>Ends operations and runs until nothing can go on.</summary>
    /// <param name="end">Ends one or more operations, by <see cref="Complete"/> and <see cref="Fail"/>.</param>
    internal void Run(Action<FlowFiber> end)
    {
        TakeThread();
        try
        {
            end(this);
            Drain();
        }
        finally
        {
            current = null;
        }
    }

    /// <summary>Ends a pending operation well; the frames parked on it become ready. Only within <see cref="Run"/> or by running code.</summary>
    internal void Complete(IFlowOperation operation, object? result)
    {
        Forget(operation);
        operation.Complete(result);
    }

    /// <summary>Ends a pending operation with an error; the frames parked on it become ready.</summary>
    internal void Fail(IFlowOperation operation, Exception error)
    {
        Forget(operation);
        operation.Fail(error);
    }

    internal void Enqueue(IFlowFrame frame) => (ready ??= new Queue<IFlowFrame>()).Enqueue(frame);

    private void Forget(IFlowOperation operation)
    {
        if (!pending.Remove(operation)) throw new InvalidOperationException($"Operation {operation.Id} is not under way.");
    }

    private void Drain()
    {
        while (ready is not null && ready.TryDequeue(out IFlowFrame? frame))
        {
            Scope = frame.Scope;
            frame.MoveNext();
        }
    }

    private void TakeThread()
    {
        if (current is not null) throw new InvalidOperationException("A fiber already runs on this thread.");
        current = this;
    }
}
