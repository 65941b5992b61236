using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Workers.Flow.Engine;

/// <summary>How an operation ends: with a result (which may be null), or with an error that is thrown where the flow awaits it.</summary>
internal readonly record struct Outcome(object? Result, Exception? Error)
{
    /// <summary>The end of an operation without a result.</summary>
    public static Outcome Done { get; } = new(default(Unit), null);

    public static Outcome Of(object? result) => new(result, null);

    public static Outcome Failed(Exception error) => new(null, error);

    /// <summary>Ends an operation.</summary>
    public void End(FlowFiber fiber, IFlowOperation operation)
    {
        if (Error is null) fiber.Complete(operation, Result);
        else fiber.Fail(operation, Error);
    }
}
