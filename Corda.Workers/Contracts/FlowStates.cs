namespace Corda.Workers.Contracts;

/// <summary>What can be said of a <see cref="FlowState"/>.</summary>
public static class FlowStates
{
    /// <summary>Whether a flow in this state has ended. It never leaves such a state.</summary>
    public static bool IsTerminal(this FlowState state) => state is FlowState.Completed or FlowState.Failed or FlowState.Killed;
}
