using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Services;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow;

/// <summary>One step of a flow from what has come to what becomes of it: take the event in, check the surroundings, run, save or end.</summary>
internal sealed class FlowPipeline(IVirtualNodes nodes, IFlowPackages packages, FlowRunner runner)
{
    /// <summary>Begins a flow.</summary>
    /// <param name="step">Its first step.</param>
    /// <param name="package">Its package.</param>
    /// <param name="scope">The scope of its outermost code.</param>
    /// <param name="call">Constructs the flow and calls it.</param>
    public Step<Checkpoint> Start(FlowStep step, FlowPackage package, FlowScope scope, Func<FlowServices, FlowTask> call)
    {
        FlowMetrics.FlowStarted(step.Flow);
        LiveFlow live = runner.Start(step, scope, call);
        return Conclude(step, package, live, statusChanged: true);
    }

    /// <summary>Goes on with a flow, if what the step has taken in lets it.</summary>
    /// <param name="step">The step, with its event taken in.</param>
    /// <param name="wasRetrying">Whether clients were told that the flow is retrying.</param>
    public Step<Checkpoint> Continue(FlowStep step, bool wasRetrying)
    {
        if (!FlowRunner.CanRun(step)) return StayParked(step, wasRetrying);

        FlowPackage package = PackageOf(step.Flow);
        FlowMetrics.Resumed(step.Flow, step.Now);
        LiveFlow live = runner.Continue(step, package);
        return Conclude(step, package, live, statusChanged: wasRetrying);
    }

    private FlowPackage PackageOf(RunningFlow flow)
    {
        if (nodes.Find(flow.Identity) is null) throw new FlowTransientException($"The virtual node {flow.Identity} is not known here (yet).");
        try
        {
            return packages.Get(flow.PackageHash);
        }
        catch (FlowPackageException cause)
        {
            throw FlowTransientException.Waiting(
                $"Flow {flow.FlowId} waits for a worker that has its package {flow.PackageHash}; here it cannot be loaded: {cause.Message}", cause);
        }
    }

    private static Step<Checkpoint> StayParked(FlowStep step, bool wasRetrying)
    {
        if (wasRetrying) PublishRunning(step);
        RunningFlow flow = step.Flow with { Sessions = step.Sessions.ToCheckpoint(step.Options.EndedSessionsKept, step.Waiting) };
        return new Step<Checkpoint>(flow, step.Outputs, flow.DueAt());
    }

    private Step<Checkpoint> Conclude(FlowStep step, FlowPackage package, LiveFlow live, bool statusChanged)
    {
        FlowTask root = live.Fiber.Root;
        if (!root.IsCompleted) return Park(step, package, live, statusChanged);
        if (root.Exception is { } error) return FlowEnding.Failed(step, FlowErrors.Of(error, step.Options));

        string? result;
        try
        {
            result = ResultOf(step.Flow, package, root);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // Not only the serializer's errors: the getters of the flow's own types run here.
            var unwritable = new FlowException($"The result of {step.Flow.FlowClassName} cannot be written as JSON: {cause.Message}");
            return FlowEnding.Failed(step, FlowErrors.Of(unwritable, step.Options));
        }

        return FlowEnding.Completed(step, result);
    }

    private Step<Checkpoint> Park(FlowStep step, FlowPackage package, LiveFlow live, bool statusChanged)
    {
        if (step.Waiting.Count == 0) return FlowEnding.Failed(step, Deadlock(step));

        RunningFlow flow;
        try
        {
            flow = runner.Save(step, package, live);
        }
        catch (CheckpointException cause)
        {
            return FlowEnding.Failed(step, FlowErrors.Of(ErrorTypes.Checkpoint, cause.Message, step.Options));
        }

        FlowMetrics.Suspended();
        if (statusChanged) PublishRunning(step);
        return new Step<Checkpoint>(flow, step.Outputs, flow.DueAt());
    }

    private static FlowError Deadlock(FlowStep step) => FlowErrors.Of(
        ErrorTypes.Deadlock,
        $"{step.Flow.FlowClassName} awaits a task that cannot end: no operation is under way. Two of its tasks wait for each other, or one waits for itself.",
        step.Options);

    private static void PublishRunning(FlowStep step)
    {
        if (FlowStatuses.Of(step.Flow, FlowState.Running, step.Now) is { } status) step.Outputs.Add(FlowOutputs.Status(status));
    }

    private static string? ResultOf(RunningFlow flow, FlowPackage package, FlowTask root) =>
        flow.Start is ClientStart ? FlowBlueprint.Of(package.Flows[flow.FlowClassName].Type).ResultOf(root) : null;
}
