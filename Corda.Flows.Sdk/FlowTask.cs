using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Corda.Flows.CompilerServices;

namespace Corda.Flows;

/// <summary>
/// The awaitable a flow method returns. An <c>async FlowTask</c> method is compiled to a state machine that the platform can save
/// at every suspension point and continue later, on any worker: a true continuation, nothing is run twice.
/// </summary>
/// <remarks>
/// Hot, like <see cref="Task"/>: an operation is under way from the moment it is called. Not thread-safe: a flow runs on one thread at
/// a time, and a <see cref="FlowTask"/> must not leave its flow. Inside a flow only other flow tasks may be awaited.
/// </remarks>
[AsyncMethodBuilder(typeof(FlowTaskMethodBuilder))]
public class FlowTask
{
    private protected FlowTaskState state;
    private Exception? error;

    // Nobody, one IFlowContinuation, or a List of them: nearly every task is awaited exactly once.
    private object? continuation;

    private protected FlowTask()
    {
    }

    /// <summary>A task that is complete.</summary>
    public static FlowTask CompletedTask => FromResult(default(Unit));

    /// <summary>Whether the task has ended, well or with an error.</summary>
    public bool IsCompleted => state != FlowTaskState.Pending;

    /// <summary>Whether the task has ended with an error; awaiting it throws <see cref="Exception"/>.</summary>
    public bool IsFaulted => state == FlowTaskState.Faulted;

    /// <summary>The error the task ended with, or null.</summary>
    public Exception? Exception => error;

    /// <summary>A complete task with this result.</summary>
    public static FlowTask<T> FromResult<T>(T result)
    {
        var task = new FlowTask<T>();
        task.SetResult(result);
        return task;
    }

    /// <summary>A task that has ended with this error.</summary>
    public static FlowTask<T> FromException<T>(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var task = new FlowTask<T>();
        task.SetError(error);
        return task;
    }

    /// <summary>A task that has ended with this error.</summary>
    public static FlowTask FromException(Exception error) => FromException<Unit>(error);

    /// <summary>Waits for all tasks. If any has failed, throws the error of the first of them in argument order, after all have ended.</summary>
    public static FlowTask WhenAll(params IReadOnlyList<FlowTask> tasks) => AllToEnd.Of(tasks);

    /// <summary>Waits for all tasks and answers their results in argument order; errors as in <see cref="WhenAll(IReadOnlyList{FlowTask})"/>.</summary>
    public static FlowTask<T[]> WhenAll<T>(params IReadOnlyList<FlowTask<T>> tasks) => AllToEnd.Of(tasks);

    /// <summary>Answers the first task to end, well or with an error: await it to get its result. The others stay under way.</summary>
    /// <exception cref="ArgumentException">There are no tasks.</exception>
    public static FlowTask<FlowTask> WhenAny(params IReadOnlyList<FlowTask> tasks) => FirstToEnd.Of(tasks);

    /// <summary>For the compiler: what <c>await</c> calls.</summary>
    public FlowTaskAwaiter GetAwaiter() => new(this);

    internal void ThrowUnlessCompleted()
    {
        if (state == FlowTaskState.Pending) throw FlowUsageException.ResultTakenTooEarly();
        if (state != FlowTaskState.Faulted) return;

        // Keeping the trace over a frame costs the trace's length, so over n frames n squared.
        if (error is FlowUsageException { IsTooDeep: true }) throw error;
        ExceptionDispatchInfo.Throw(error!);
    }

    internal void SetError(Exception e)
    {
        error = e;
        End(FlowTaskState.Faulted);
    }

    internal void AddContinuation(IFlowContinuation next) => continuation = continuation switch
    {
        null => next,
        List<IFlowContinuation> many => Append(many, next),
        var one => new List<IFlowContinuation> { (IFlowContinuation)one, next },
    };

    internal void RemoveContinuation(IFlowContinuation next)
    {
        if (ReferenceEquals(continuation, next)) continuation = null;
        else if (continuation is List<IFlowContinuation> many) many.Remove(next);
    }

    private protected void End(FlowTaskState end)
    {
        if (state != FlowTaskState.Pending) throw new InvalidOperationException("A flow task ends once.");
        state = end;
        object? waiting = continuation;
        continuation = null;
        if (waiting is IFlowContinuation one) one.OnEnded(this);
        else if (waiting is List<IFlowContinuation> many) many.ForEach(next => next.OnEnded(this));
    }

    private static List<IFlowContinuation> Append(List<IFlowContinuation> many, IFlowContinuation next)
    {
        many.Add(next);
        return many;
    }
}

/// <summary><see cref="FlowTask"/> with a result.</summary>
/// <typeparam name="T">The result's type. It is part of the checkpoint when the task has ended but nobody has awaited it yet.</typeparam>
[AsyncMethodBuilder(typeof(FlowTaskMethodBuilder<>))]
public class FlowTask<T> : FlowTask
{
    private T? result;

    internal FlowTask()
    {
    }

    /// <summary>The result. Throws the task's error if it failed, <see cref="FlowUsageException"/> while it is under way: await it.</summary>
    public T Result
    {
        get
        {
            ThrowUnlessCompleted();
            return result!;
        }
    }

    /// <summary>For the compiler: what <c>await</c> calls.</summary>
    public new FlowTaskAwaiter<T> GetAwaiter() => new(this);

    internal void SetResult(T value)
    {
        result = value;
        End(FlowTaskState.Completed);
    }
}

internal enum FlowTaskState : byte
{
    Pending,
    Completed,
    Faulted,
}

/// <summary>The result of a flow task that has none.</summary>
internal readonly record struct Unit;
