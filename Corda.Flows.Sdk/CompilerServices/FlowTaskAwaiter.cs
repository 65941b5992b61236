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
    public void GetResult() => task.ThrowUnlessCompleted();

    /// <summary>Never called inside a flow. Outside of one nobody would ever continue the method, so it goes on at once and learns of its error.</summary>
    /// <remarks>To throw from here would end the process: the framework's builders rethrow such an error on the thread pool.</remarks>
    public void OnCompleted(Action continuation) => continuation();

    /// <inheritdoc cref="OnCompleted"/>
    public void UnsafeOnCompleted(Action continuation) => continuation();
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

    /// <summary>Never called inside a flow. Outside of one nobody would ever continue the method, so it goes on at once and learns of its error.</summary>
    /// <remarks>To throw from here would end the process: the framework's builders rethrow such an error on the thread pool.</remarks>
    public void OnCompleted(Action continuation) => continuation();

    /// <inheritdoc cref="OnCompleted"/>
    public void UnsafeOnCompleted(Action continuation) => continuation();
}
