using System.Runtime.CompilerServices;

namespace Corda.Flows.CompilerServices;

/// <summary>
/// A suspended flow method: its task and its state machine in one object. Release builds make state machines structs, debug builds
/// classes; both are held here, and this object is what a checkpoint saves.
/// </summary>
internal sealed class FlowFrame<TStateMachine, TResult>(FlowScope scope) : FlowTask<TResult>, IFlowFrame, IFlowContinuation
    where TStateMachine : IAsyncStateMachine
{
    private TStateMachine? machine;

    public FlowScope Scope { get; } = scope;

    public void Hold(ref TStateMachine stateMachine) => machine = stateMachine;

    public void MoveNext()
    {
        machine!.MoveNext();

        // A task may be kept long after its method has ended; the method's locals must not stay in the checkpoint with it.
        if (IsCompleted) machine = default;
    }

    public void OnEnded(FlowTask task) => FlowFiber.Current.Enqueue(this);
}
