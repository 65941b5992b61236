using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Corda.Flows.CompilerServices;

/// <summary>Awaits the end of a task without throwing its error.</summary>
internal readonly struct Settled(FlowTask task) : ICriticalNotifyCompletion, IFlowAwaiter
{
    private readonly FlowTask task = task;

    public bool IsCompleted => task.IsCompleted;

    FlowTask IFlowAwaiter.Task => task;

    public Settled GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => throw new UnreachableException("Only flow methods await this.");

    public void UnsafeOnCompleted(Action continuation) => throw new UnreachableException("Only flow methods await this.");
}
