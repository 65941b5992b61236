using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging;

/// <summary>
/// One event topic, one compacted state topic, partition for partition. Several lanes, each a member of the group with its own loop; the keys of a
/// batch are worked off in parallel by threads that the lanes share. New states, outputs and consumed events are one transaction.
/// </summary>
internal sealed class StateAndEventSubscription<TState, TEvent> : ISubscription
    where TState : class
    where TEvent : class
{
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromMilliseconds(500);
    private static long lastRun;

    private readonly StateAndEventSettings<TState, TEvent> settings;
    private readonly StepWorkers workers;
    private readonly StateFollower<TState> follower;
    private readonly ILogger logger;
    private readonly List<(Lane<TState, TEvent> Lane, ConsumeLoop Loop)> lanes = [];

    public StateAndEventSubscription(
        StateAndEventSettings<TState, TEvent> settings,
        IStateAndEventProcessor<TState, TEvent> processor,
        IMessageBus bus,
        TimeProvider time,
        ILogger logger)
    {
        this.settings = settings;
        this.logger = logger;
        follower = new StateFollower<TState>($"{settings.Name}-{settings.InstanceId}-states", settings.StateTopic, settings.KeepsWarmStates, NewStates, bus, time);
        workers = new StepWorkers(settings.Name, settings.StepThreads);
        var encoder = new RecordEncoder(bus, settings.RecordBytesMax);
        var stepper = new KeyStepper<TState, TEvent>(settings, processor, encoder, time, logger);
        string owner = $"{settings.InstanceId}/{time.GetUtcNow().UtcTicks:x}.{Interlocked.Increment(ref lastRun):x}";
        var work = new LaneWork<TState, TEvent>(settings, owner, stepper, workers, new CondemnedInputs(), time, logger);
        var backOff = new BackOff(settings.FaultDelay, settings.FaultDelayMax);
        var farewell = new Farewell(settings.Lanes, FarewellPatience);
        for (int i = 0; i < settings.Lanes; i++)
        {
            string name = $"{settings.Name}-{settings.InstanceId}-{i}";
            var lane = new Lane<TState, TEvent>(work, name, follower, farewell, bus);
            lanes.Add((lane, new ConsumeLoop(name, lane, backOff, time, logger)));
        }
    }

    /// <inheritdoc/>
    public string Name => $"state-and-event {settings.Name} (group {settings.Group}, topic {settings.Events.Name})";

    /// <inheritdoc/>
    public SubscriptionHealth Health => new(
        lanes.TrueForAll(static lane => lane.Loop is { State: LoopState.Running, Problem: null } && lane.Lane.Ready),
        lanes.Min(static lane => lane.Loop.LastProgress),
        Problem());

    /// <inheritdoc/>
    public long? StandbyLag => follower.Lag;

    /// <inheritdoc/>
    public void Start() => lanes.ForEach(static lane => lane.Loop.Start());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ValueTask[] ending = [.. lanes.Select(static lane => lane.Loop.DisposeAsync())];
        lanes.ForEach(static lane => lane.Lane.Wakeup());
        foreach (ValueTask end in ending)
        {
            await end;
        }

        follower.Dispose();
        workers.Dispose();
    }

    private PartitionStates<TState> NewStates(int partition)
    {
        var statePartition = new TopicPartition(settings.StateTopic, partition);
        return new(new TopicPartition(settings.Events.Name, partition), settings.DecodedStatesMax, OnRefused, settings.StateCache?.Open(statePartition));

        void OnRefused(byte[] key, string reason)
        {
            MessagingMetrics.RefusedStates.Add(1);
            MessagingLog.StateRefused(logger, statePartition.ToString(), KeyComparer.Text(key), reason);
        }
    }

    private string? Problem()
    {
        List<string> problems = [.. lanes.Where(static lane => lane.Loop.Problem is not null).Select(static lane => $"{lane.Loop.Name}: {lane.Loop.Problem}")];
        if (workers.Stuck > 0)
        {
            problems.Add($"{workers.Stuck} stuck step threads were given up and have not come back; restart the worker if their number keeps rising");
        }

        return problems.Count == 0 ? null : string.Join("; ", problems);
    }
}
