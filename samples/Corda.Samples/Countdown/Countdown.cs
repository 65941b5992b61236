namespace Corda.Samples;

/// <summary>Counts down with a pause before every step. Kill the process in the middle: it goes on counting where it was.</summary>
/// <param name="engine">Lets time pass.</param>
/// <param name="time">Any clock may be read: nothing in a flow is ever run twice to rebuild its state.</param>
public sealed class Countdown(IFlowEngine engine, TimeProvider time) : ClientStartableFlow<CountdownRequest, CountdownResult>
{
    /// <inheritdoc/>
    public override async FlowTask<CountdownResult> Call(CountdownRequest request)
    {
        if (request.Steps < 0) throw new FlowException($"steps must be 0 or more, and is {request.Steps}.");
        if (request.DelayMs < 0) throw new FlowException($"delayMs must be 0 or more, and is {request.DelayMs}.");

        DateTimeOffset begin = time.GetUtcNow();
        var counted = 0;
        for (int left = request.Steps; left > 0; left--)
        {
            await engine.Sleep(TimeSpan.FromMilliseconds(request.DelayMs));
            counted++;
        }

        return new CountdownResult(counted, (long)(time.GetUtcNow() - begin).TotalMilliseconds);
    }
}

/// <summary>What to count.</summary>
/// <param name="Steps">From where to count down, 0 or more; each step is one suspension.</param>
/// <param name="DelayMs">The pause before every step, in milliseconds, 0 or more.</param>
public sealed record CountdownRequest(int Steps = 10, int DelayMs = 1000);

/// <summary>What was counted.</summary>
/// <param name="Steps">How many steps.</param>
/// <param name="TookMs">How long it took, in milliseconds, time without a process included.</param>
public sealed record CountdownResult(int Steps, long TookMs);
