using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>What the batches of a lane have in common.</summary>
/// <param name="Settings">What the subscription was told.</param>
/// <param name="Owner">Names this run of this process.</param>
/// <param name="Stepper">Runs one input of one key.</param>
/// <param name="Workers">The threads that the lanes share.</param>
/// <param name="Condemned">What is to be abandoned without being run.</param>
/// <param name="Time">The only clock.</param>
/// <param name="Logger">Where they log.</param>
internal sealed record LaneWork<TState, TEvent>(
    StateAndEventSettings<TState, TEvent> Settings,
    string Owner,
    KeyStepper<TState, TEvent> Stepper,
    StepWorkers Workers,
    CondemnedInputs Condemned,
    TimeProvider Time,
    ILogger Logger)
    where TState : class
    where TEvent : class;
