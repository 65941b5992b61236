using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Corda.Flows.CompilerServices;

/// <summary>An awaiter that the method builder knows how to park a frame on.</summary>
internal interface IFlowAwaiter
{
    FlowTask Task { get; }
}

/// <summary>For the compiler.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct FlowTaskAwaiter : ICriticalNotifyCompletion, IFlowAwaiter
{
    private readonly FlowTask task;

    internal FlowTaskAwaiter(FlowTask task) => this.task = task;

    /// <summary>For the compiler.</summary>
    public bool IsCompleted => task.IsCompleted;

    FlowTask IFlowAwaiter.Task => task;

    /// <summary>For the compiler.</summary>
    public void GetResult() => task.ThrowIfFaulted();

    /// <summary>Never called inside a flow; outside of one there is nobody to continue it.</summary>
    public void OnCompleted(Action continuation) => throw FlowUsageException.AwaitedOutsideFlow();

    /// <summary>Never called inside a flow; outside of one there is nobody to continue it.</summary>
    public void UnsafeOnCompleted(Action continuation) => throw FlowUsageException.AwaitedOutsideFlow();
}

/// <summary>For the compiler.</summary>
/// <typeparam name="T">The result's type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct FlowTaskAwaiter<T> : ICriticalNotifyCompletion, IFlowAwaiter
{
    private readonly FlowTask<T> task;

    internal FlowTaskAwaiter(FlowTask<T> task) => this.task = task;

    /// <summary>For the compiler.</summary>
    public bool IsCompleted => task.IsCompleted;

    FlowTask IFlowAwaiter.Task => task;

    /// <summary>For the compiler.</summary>
    public T GetResult() => task.Result;

    /// <summary>Never called inside a flow; outside of one there is nobody to continue it.</summary>
    public void OnCompleted(Action continuation) => throw FlowUsageException.AwaitedOutsideFlow();

    /// <summary>Never called inside a flow; outside of one there is nobody to continue it.</summary>
    public void UnsafeOnCompleted(Action continuation) => throw FlowUsageException.AwaitedOutsideFlow();
}
