namespace Corda.Flows;

/// <summary>
/// A part of a flow with a scope of its own, run by <see cref="IFlowEngine.SubFlow{T}"/>. With <see cref="InitiatingFlowAttribute"/> it speaks
/// its own protocol, and the sessions it opens end with it; without, it uses the caller's. The caller constructs it and hands it what it needs.
/// </summary>
/// <typeparam name="T">The result's type.</typeparam>
public abstract class SubFlow<T>
{
    /// <summary>The sub-flow.</summary>
    public abstract FlowTask<T> Call();
}
