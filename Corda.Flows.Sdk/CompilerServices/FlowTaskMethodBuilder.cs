using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Corda.Flows.CompilerServices;

/// <summary>For the compiler: builds <c>async FlowTask</c> methods. The seam at which C# async code becomes a continuation that can be saved.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct FlowTaskMethodBuilder
{
    private FlowTaskMethodBuilder<Unit> builder;

    /// <summary>For the compiler.</summary>
    public FlowTask Task => builder.Task;

    /// <summary>For the compiler.</summary>
    public static FlowTaskMethodBuilder Create() => default;

    /// <summary>For the compiler.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => FlowMethod.Start(ref stateMachine);

    /// <summary>For the compiler.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    /// <summary>For the compiler.</summary>
    public void SetResult() => builder.SetResult(default);

    /// <summary>For the compiler.</summary>
    public void SetException(Exception exception) => builder.SetException(exception);

    /// <summary>For the compiler.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => builder.Park(ref awaiter, ref stateMachine);

    /// <summary>For the compiler.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => builder.Park(ref awaiter, ref stateMachine);
}

/// <summary>For the compiler: builds <c>async FlowTask&lt;T&gt;</c> methods.</summary>
/// <typeparam name="T">The result's type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct FlowTaskMethodBuilder<T>
{
    private FlowTask<T>? task;

    /// <summary>For the compiler.</summary>
    public FlowTask<T> Task => task ??= new FlowTask<T>();

    /// <summary>For the compiler.</summary>
    public static FlowTaskMethodBuilder<T> Create() => default;

    /// <summary>For the compiler.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => FlowMethod.Start(ref stateMachine);

    /// <summary>For the compiler.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    /// <summary>For the compiler.</summary>
    public void SetResult(T result) => Task.SetResult(result);

    /// <summary>For the compiler.</summary>
    public void SetException(Exception exception) => Task.SetError(exception);

    /// <summary>For the compiler.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => Park(ref awaiter, ref stateMachine);

    /// <summary>For the compiler.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => Park(ref awaiter, ref stateMachine);

    internal void Park<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (awaiter is not IFlowAwaiter flowAwaiter) throw FlowUsageException.ForeignAwait(typeof(TAwaiter), typeof(TStateMachine));
        if (task is not FlowFrame<TStateMachine, T> frame)
        {
            frame = new FlowFrame<TStateMachine, T>(FlowFiber.Current.Scope);
            // First the task, then the copy: the machine's own builder must already know the frame.
            task = frame;
            frame.Hold(ref stateMachine);
        }

        flowAwaiter.Task.AddContinuation(frame);
    }
}

internal static class FlowMethod
{
    /// <summary>Runs a flow method to its first suspension point.</summary>
    /// <exception cref="FlowUsageException">There is no stack left for it: the flow fails, where a stack overflow would end the process.</exception>
    public static void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw FlowUsageException.TooDeep(typeof(TStateMachine));
        stateMachine.MoveNext();
    }
}
