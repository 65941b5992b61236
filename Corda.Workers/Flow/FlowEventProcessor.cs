using System.Diagnostics;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Flow.Events;
using Corda.Workers.Flow.Services;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Flow;

/// <summary>
/// The flow engine: (checkpoint, event) -> step. The one place where errors become outcomes: transient ones go up and park the flow, an event that
/// makes no sense is discarded, and whatever else goes wrong ends this flow and no other.
/// </summary>
internal sealed partial class FlowEventProcessor(
    StartFlowHandler starts, EarlySessionHandler early, FlowPipeline pipeline, FlowOptions options, TimeProvider clock, ILogger<FlowEventProcessor> logger)
    : IStateAndEventProcessor<Checkpoint, FlowEvent>
{
    /// <summary>An engine over its surroundings.</summary>
    public static FlowEventProcessor Create(
        IVirtualNodes nodes, IFlowPackages packages, IFrameStore frames, FlowOptions options, TimeProvider clock, ILoggerFactory loggers)
    {
        var catalog = new FlowCatalog(nodes, packages);
        var pipeline = new FlowPipeline(nodes, packages, new FlowRunner(frames, new FlowSurroundings(nodes, clock, loggers), options));
        return new FlowEventProcessor(
            new StartFlowHandler(catalog, pipeline, options),
            new EarlySessionHandler(new SessionStartHandler(catalog, pipeline, options), options),
            pipeline,
            options,
            clock,
            loggers.CreateLogger<FlowEventProcessor>());
    }

    public Step<Checkpoint> OnEvent(byte[] key, Checkpoint? state, FlowEvent input, StepContext context)
    {
        FlowId id = FlowId.FromKey(key);
        using FlowMetrics.Timing timing = FlowMetrics.Event(clock);
        try
        {
            return state switch
            {
                null => OnNoFlow(id, input, context),
                EarlySession waiting => OnEarly(id, waiting, input, context),
                RunningFlow flow => OnRunning(flow, input, context),
                FinishedFlow flow => OnFinished(id, flow, input),
                _ => throw new UnreachableException($"Checkpoint {state}"),
            };
        }
        catch (FlowEventException discarded)
        {
            FlowMetrics.EventDiscarded();
            EventDiscarded(logger, id, input.GetType().Name, discarded.Message);
            return Unchanged(state);
        }
        catch (FlowFatalException fatal) when (state is RunningFlow flow)
        {
            return Fatal(flow, fatal, context);
        }
    }

    // A flow that cannot go on for now is the very one that somebody wants to kill.
    public bool Preempts(FlowEvent input) => input is KillFlow;

    public Step<Checkpoint> OnDue(byte[] key, Checkpoint state, StepContext context)
    {
        if (state.DueAt() is not { } due || due > context.Now) return Unchanged(state);

        try
        {
            return state switch
            {
                EarlySession waiting => SessionEvents.GiveUp(FlowId.FromKey(key), waiting),
                RunningFlow flow => pipeline.Continue(new FlowStep(flow, context.Now, options), WasRetrying(context)),
                FinishedFlow { HasStatus: false } => new Step<Checkpoint>(null, []),
                FinishedFlow => new Step<Checkpoint>(null, [FlowOutputs.NoStatus(key)]),
                _ => throw new UnreachableException($"Checkpoint {state}"),
            };
        }
        catch (FlowFatalException fatal) when (state is RunningFlow flow)
        {
            return Fatal(flow, fatal, context);
        }
    }

    public IReadOnlyList<Record> OnParked(byte[] key, Checkpoint? state, FlowEvent? input, Failure failure, StepContext context)
    {
        // Once is enough: the client sees RETRYING until the flow gets on.
        if (failure.Attempts > 1 || FlowOf(state, input, context) is not { } flow) return [];

        FlowError error = FlowErrors.Of(failure.Kind.ToString(), failure.Reason, options);
        return FlowStatuses.Of(flow, FlowState.Retrying, context.Now, error: error) is { } status ? [FlowOutputs.Status(status)] : [];
    }

    public Step<Checkpoint> OnAbandoned(byte[] key, Checkpoint? state, FlowEvent? input, Failure failure, StepContext context)
    {
        string reason = $"{failure.Kind} after {failure.Attempts} attempt(s): {failure.Reason}";
        Abandoned(logger, FlowId.FromKey(key), reason, failure.Error);
        if (FlowOf(state, input, context) is { } flow)
        {
            return FlowEnding.Failed(new FlowStep(flow, context.Now, options), FlowErrors.Of(ErrorTypes.Abandoned, reason, options));
        }

        return state is null or EarlySession && input is SessionEvent { Message: not SessionError } refused
            ? AbandonSession(FlowId.FromKey(key), refused, reason, context)
            : Unchanged(state);
    }

    private Step<Checkpoint> OnNoFlow(FlowId id, FlowEvent input, StepContext context) => input switch
    {
        StartFlow start => starts.Start(id, start, context),
        SessionEvent received => early.OnMessage(id, null, received, context),
        KillFlow => throw new FlowEventException("There is no such flow to kill"),
        _ => throw new UnreachableException($"Flow event {input}"),
    };

    private Step<Checkpoint> OnEarly(FlowId id, EarlySession waiting, FlowEvent input, StepContext context) => input switch
    {
        SessionEvent received => early.OnMessage(id, waiting, received, context),
        StartFlow or KillFlow => throw new FlowEventException("A responder that has not begun can neither be started by a client nor killed"),
        _ => throw new UnreachableException($"Flow event {input}"),
    };

    private Step<Checkpoint> OnRunning(RunningFlow flow, FlowEvent input, StepContext context)
    {
        if (input is StartFlow) return StartFlowHandler.Repeat(flow, context);

        var step = new FlowStep(flow, context.Now, options);
        if (input is KillFlow kill) return FlowEnding.Killed(step, kill.Reason);

        SessionEvents.TakeIn(step, (SessionEvent)input);
        return pipeline.Continue(step, WasRetrying(context));
    }

    private static Step<Checkpoint> OnFinished(FlowId id, FinishedFlow flow, FlowEvent input) => input switch
    {
        // Its last status tells whoever asks: it was committed with this state, and is kept as long.
        StartFlow or KillFlow => Unchanged(flow),
        SessionEvent received => SessionEvents.TooLate(id, flow, received),
        _ => throw new UnreachableException($"Flow event {input}"),
    };

    private Step<Checkpoint> Fatal(RunningFlow flow, FlowFatalException fatal, StepContext context) => FlowEnding.Failed(
        new FlowStep(flow, context.Now, options), FlowErrors.Of(ErrorTypes.Fatal, fatal.Message, options), deadLetter: fatal.Message);

    /// <summary>The initiator learns that its session will not be answered; a trace stays, so that a repeated message does not start it after all.</summary>
    private Step<Checkpoint> AbandonSession(FlowId id, SessionEvent refused, string reason, StepContext context)
    {
        FlowError error = FlowErrors.Of(ErrorTypes.Abandoned, reason, options);
        var finished = new FinishedFlow(
            FlowState.Failed, [new FinishedSession(refused.SessionId, 1)], context.Now + options.ResponderRetention, HasStatus: false);
        Record? refusal = FlowOutputs.Refusal(id, refused, FlowErrors.ToCounterparty(error));
        return new Step<Checkpoint>(finished, refusal is null ? [] : [refusal], finished.DueAt());
    }

    /// <summary>The flow that an input is about: the one that runs, or the one that it would have started.</summary>
    private static RunningFlow? FlowOf(Checkpoint? state, FlowEvent? input, StepContext context) => (state, input) switch
    {
        (RunningFlow flow, _) => flow,
        (null, StartFlow start) => StartFlowHandler.NewFlow(start, packageHash: "", context.Now),
        _ => null,
    };

    private static bool WasRetrying(StepContext context) => context.FailedAttempts > 0;

    private static Step<Checkpoint> Unchanged(Checkpoint? state) => new(state, [], state?.DueAt());

    [LoggerMessage(EventId = 4010, Level = LogLevel.Warning, Message = "Flow {FlowId}: {Event} discarded. {Reason}")]
    private static partial void EventDiscarded(ILogger logger, FlowId flowId, string @event, string reason);

    [LoggerMessage(EventId = 4011, Level = LogLevel.Error, Message = "Flow {FlowId} was given up: {Reason}")]
    private static partial void Abandoned(ILogger logger, FlowId flowId, string reason, Exception? error);
}
