using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Flow.Services;
using Corda.Workers.Flow.Waiting;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Engine;

/// <summary>Runs the frames of flows until they must wait, and brings them from and to bytes.</summary>
internal sealed class FlowRunner(IFrameStore frames, FlowSurroundings surroundings, FlowOptions options)
{
    /// <summary>Begins a flow and runs it until it must wait or has ended.</summary>
    /// <param name="step">The flow's first step.</param>
    /// <param name="scope">The scope of its outermost code.</param>
    /// <param name="call">Constructs the flow and calls it.</param>
    public LiveFlow Start(FlowStep step, FlowScope scope, Func<FlowServices, FlowTask> call)
    {
        LiveFlow live = new(new FlowFiber(scope), NewServices(step.Flow));
        live.Services.During(step, fiber => fiber.Start(() => Guarded(call, live.Services)), live.Fiber);
        RunUntilParked(step, live, timers: false);
        return live;
    }

    /// <summary>Whether what has come lets the flow go on.</summary>
    public static bool CanRun(FlowStep step)
    {
        foreach (PendingOperation pending in step.Waiting)
        {
            if (IsOver(step, pending, timers: true)) return true;
        }

        return false;
    }

    /// <summary>Goes on with a flow until it must wait again or has ended.</summary>
    /// <exception cref="FlowFatalException">Its frames cannot be restored.</exception>
    /// <exception cref="FlowTransientException">Its frames are those of another build of the platform.</exception>
    public LiveFlow Continue(FlowStep step, FlowPackage package)
    {
        LiveFlow live = Load(step.Flow, package);
        RunUntilParked(step, live, timers: true);
        return live;
    }

    /// <summary>The flow as it stands after the step.</summary>
    /// <exception cref="CheckpointException">Something in its frames cannot be saved.</exception>
    public RunningFlow Save(FlowStep step, FlowPackage package, LiveFlow live) => step.Flow with
    {
        Frames = Save(package, live),
        Waiting = [.. step.Waiting],
        Sessions = step.Sessions.ToCheckpoint(options.EndedSessionsKept, step.Waiting),
        SessionsOpened = step.Sessions.Opened,
        SuspendCount = step.Flow.SuspendCount + 1,
        UpdatedAt = step.Now,
        Live = new LiveSlot(options.AlwaysRestoreFromBytes ? null : live),
    };

    private static FlowTask Guarded(Func<FlowServices, FlowTask> call, FlowServices services)
    {
        try
        {
            return call(services) ?? FlowTask.FromException<Unit>(new FlowUsageException("The flow's Call answered null instead of a FlowTask."));
        }
        catch (Exception error)
        {
            // A flow method that is not async throws here instead of into its task.
            return FlowTask.FromException<Unit>(error);
        }
    }

    private void RunUntilParked(FlowStep step, LiveFlow live, bool timers)
    {
        // Timers that code sets during this step wait for the next one, so that every sleep is a checkpoint.
        for (; CompleteOver(step, live, timers) > 0; timers = false)
        {
        }
    }

    private static int CompleteOver(FlowStep step, LiveFlow live, bool timers)
    {
        if (live.Fiber.Root.IsCompleted || !step.Waiting.Exists(pending => IsOver(step, pending, timers))) return 0;

        int completed = 0;
        live.Services.During(step, fiber => fiber.Run(running => completed = Complete(step, running, timers)), live.Fiber);
        return completed;
    }

    private static int Complete(FlowStep step, FlowFiber fiber, bool timers)
    {
        int completed = 0;
        for (int i = 0; i < step.Waiting.Count;)
        {
            PendingOperation pending = step.Waiting[i];
            // Asked again for each: an earlier one may have taken what this one waits for.
            if (!IsOver(step, pending, timers))
            {
                i++;
                continue;
            }

            step.Waiting.RemoveAt(i);
            IFlowOperation operation = OperationOf(fiber, pending);
            Waits.Outcome(pending.For, operation.ResultType, step).End(fiber, operation);
            completed++;
        }

        return completed;
    }

    private static bool IsOver(FlowStep step, PendingOperation pending, bool timers) =>
        Waits.IsOver(pending.For, step) || (timers && pending.For.DueAt() <= step.Now);

    private static IFlowOperation OperationOf(FlowFiber fiber, PendingOperation pending)
    {
        foreach (IFlowOperation operation in fiber.Pending)
        {
            if (operation.Id == pending.OperationId) return operation;
        }

        throw new FlowFatalException($"The checkpoint waits for operation {pending.OperationId}, which its frames do not know.");
    }

    private LiveFlow Load(RunningFlow flow, FlowPackage package)
    {
        if (!options.AlwaysRestoreFromBytes && flow.Live.Take() is LiveFlow live) return live;

        FlowServices services = NewServices(flow);
        try
        {
            using (FlowMetrics.Deserialization(surroundings.Clock)) return new LiveFlow(frames.Restore(package, flow.Frames, services.Externals), services);
        }
        catch (ForeignCheckpointException cause)
        {
            throw FlowTransientException.Waiting($"Flow {flow.FlowId} ({flow.FlowClassName}) waits for a worker that can read it. {cause.Message}", cause);
        }
        catch (CheckpointException cause)
        {
            throw new FlowFatalException($"Flow {flow.FlowId} ({flow.FlowClassName}) cannot be restored: {cause.Message}", cause);
        }
    }

    private byte[] Save(FlowPackage package, LiveFlow live)
    {
        using (FlowMetrics.Serialization(surroundings.Clock)) return frames.Save(package, live.Fiber, live.Services.Externals);
    }

    private FlowServices NewServices(RunningFlow flow) => new(flow.Identity, flow.FlowId, flow.FlowClassName, surroundings);
}
