using System.Diagnostics;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;

namespace Corda.Workers.Flow.Waiting;

/// <summary>What a flow is parked on: whether it is over, and how it ended.</summary>
internal static class Waits
{
    /// <summary>Whether a wait is over by what has come. Timers aside: those count once a step, before the flow runs.</summary>
    public static bool IsOver(WaitingFor wait, FlowStep step) => wait switch
    {
        WaitForData data => DataWaits.IsOver(data, step),
        WaitForCounterpartyInfo info => CounterpartyInfoWaits.IsOver(info, step),
        WaitForClose close => CloseWaits.IsOver(close, step),
        WaitForWakeup => false,
        _ => throw new UnreachableException($"Wait {wait}"),
    };

    /// <summary>How a wait ends that is over or due.</summary>
    public static Outcome Outcome(WaitingFor wait, Type resultType, FlowStep step) => wait switch
    {
        WaitForData data => DataWaits.Outcome(data, resultType, step),
        WaitForCounterpartyInfo info => CounterpartyInfoWaits.Outcome(info, step),
        WaitForClose close => CloseWaits.Outcome(close, step),
        WaitForWakeup => Engine.Outcome.Done,
        _ => throw new UnreachableException($"Wait {wait}"),
    };
}
