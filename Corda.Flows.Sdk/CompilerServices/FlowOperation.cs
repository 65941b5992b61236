namespace Corda.Flows.CompilerServices;

/// <summary>A flow operation on which frames may be parked: the leaf of the frame graph. The engine ends it.</summary>
internal interface IFlowOperation
{
    /// <summary>Names the operation within its flow; the engine keeps under this id what was asked.</summary>
    int Id { get; }

    /// <summary>The type of the result that <see cref="Complete"/> takes; <see cref="Unit"/> for none.</summary>
    Type ResultType { get; }

    /// <summary>Ends the operation with a result.</summary>
    /// <exception cref="InvalidCastException">The result is not of <see cref="ResultType"/>.</exception>
    void Complete(object? result);

    /// <summary>Ends the operation with an error, thrown where the flow awaits it.</summary>
    void Fail(Exception error);
}

internal sealed class FlowOperation<T>(int id) : FlowTask<T>, IFlowOperation
{
    public int Id { get; } = id;

    public Type ResultType => typeof(T);

    public void Complete(object? result) => SetResult(result is null ? default! : (T)result);

    public void Fail(Exception error) => SetError(error);
}
