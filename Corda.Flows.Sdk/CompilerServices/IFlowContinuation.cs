namespace Corda.Flows.CompilerServices;

/// <summary>What is told when a flow task ends.</summary>
internal interface IFlowContinuation
{
    void OnEnded(FlowTask task);
}

/// <summary>A suspended method: the frame of one state machine.</summary>
internal interface IFlowFrame
{
    /// <summary>The scope in which the frame's code runs.</summary>
    FlowScope Scope { get; }

    void MoveNext();
}
