using Corda.Workers.Contracts;
using Corda.Workers.Flow.Sessions;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow;

/// <summary>One step of one flow: where it began, and what it has changed so far. Lives for one call of the processor, on one thread.</summary>
internal sealed class FlowStep
{
    public FlowStep(RunningFlow flow, DateTimeOffset now, FlowOptions options)
    {
        Flow = flow;
        Now = now;
        Options = options;
        Waiting = [.. flow.Waiting];
        Sessions = new FlowSessions(flow, Outputs);
    }

    /// <summary>The flow as the step found it.</summary>
    public RunningFlow Flow { get; }

    /// <summary>The time of the step.</summary>
    public DateTimeOffset Now { get; }

    public FlowOptions Options { get; }

    /// <summary>The operations on which the flow is parked, oldest first.</summary>
    public List<PendingOperation> Waiting { get; }

    public List<Record> Outputs { get; } = [];

    public FlowSessions Sessions { get; }

    /// <summary>A session that the flow waits for.</summary>
    public SessionState SessionOf(SessionId id) =>
        Sessions.Find(id) ?? throw new InvalidOperationException($"Flow {Flow.FlowId} waits for session {id}, which it does not have.");
}
