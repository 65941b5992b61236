using Corda.Workers.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging;

/// <summary>What a consume loop does. Called on the loop's thread only.</summary>
internal interface ILoopBody
{
    /// <summary>One turn: poll, process, commit. Opens what it needs if it is not open. Returns at the latest after the poll wait.</summary>
    void Turn();

    /// <summary>Something failed; nothing of the work in hand may survive. The next call is <see cref="Turn"/>, after a delay.</summary>
    void Recover(LoopFault fault);

    /// <summary>The end: leaves the group cleanly where that is possible.</summary>
    void Close();
}

/// <summary>How a turn failed, named by what the body has to do.</summary>
internal enum LoopFault
{
    /// <summary>Nothing was committed: go back to the committed offsets.</summary>
    Transient,

    /// <summary>Somebody else owns the partitions or the producer's id: drop everything, join anew.</summary>
    Fenced,

    /// <summary>Out of the group, which the listener was told: keep the consumer, it joins anew; whoever evicted it may have fenced the producer.</summary>
    Evicted,

    /// <summary>Nobody knows what was committed: new producer, read everything again.</summary>
    Indefinite,

    /// <summary>A bug here or in a processor: drop everything, join anew, and say so.</summary>
    Unexpected,
}

/// <summary>
/// The thread of a pattern: turns until it is stopped, backs off after failures, never dies silently. Start, stop and the properties are
/// thread-safe; the body is called on the loop's own thread only.
/// </summary>
internal sealed class ConsumeLoop(string name, ILoopBody body, BackOff backOff, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoopState state = LoopState.Created;
    private long progressTicks = time.GetUtcNow().UtcTicks;
    private readonly Trouble trouble = new(time);
    private volatile string? problem;

    public string Name => name;

    public LoopState State
    {
        get
        {
            lock (gate)
            {
                return state;
            }
        }
    }

    /// <summary>When the last turn ended: well, or with a failure of the bus, which no new process would mend. A bug is no progress.</summary>
    public DateTimeOffset LastProgress => new(Volatile.Read(ref progressTicks), TimeSpan.Zero);

    /// <summary>What went wrong since the last turn that ended well, for people; null for nothing.</summary>
    public string? Problem => problem;

    public CancellationToken Stopping => stopping.Token;

    public void Start()
    {
        MoveTo(LoopState.Running);
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Asks the loop to end; the body still has to be woken if it waits. Completes when the body is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        bool neverStarted;
        lock (gate)
        {
            neverStarted = state == LoopState.Created;
        }

        if (neverStarted)
        {
            MoveTo(LoopState.Stopped);
            ended.TrySetResult();
        }

        await ended.Task;
    }

    private void Run()
    {
        while (!stopping.IsCancellationRequested && State != LoopState.Failed)
        {
            TurnGuarded();
        }

        Guarded("close", body.Close);
        if (State != LoopState.Failed)
        {
            MoveTo(LoopState.Stopped);
        }

        ended.TrySetResult();
    }

    // One of the two places that catch everything: whatever a turn throws becomes a recovery, never the end of the thread.
    private void TurnGuarded()
    {
        try
        {
            body.Turn();
            Mended();
            NoteProgress();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to end while waiting.
        }
        catch (MessagingTransientException cause)
        {
            RecoverFrom(LoopFault.Transient, cause);
        }
        catch (MessagingEvictedException cause)
        {
            RecoverFrom(LoopFault.Evicted, cause);
        }
        catch (MessagingFencedException cause)
        {
            RecoverFrom(LoopFault.Fenced, cause);
        }
        catch (MessagingIndefiniteException cause)
        {
            RecoverFrom(LoopFault.Indefinite, cause);
        }
        catch (MessagingFatalException cause)
        {
            Fail(cause);
        }
        catch (Exception cause)
        {
            RecoverFrom(LoopFault.Unexpected, cause);
        }
    }

    private void NoteProgress() => Volatile.Write(ref progressTicks, time.GetUtcNow().UtcTicks);

    private void RecoverFrom(LoopFault fault, Exception cause)
    {
        bool isNews = trouble.Add(fault);
        TimeSpan delay = backOff.After(trouble.InARow);
        problem = $"{fault}: {cause.Message}";
        Tell(fault, cause, delay, isNews);
        MoveTo(LoopState.BackingOff);
        Guarded("recover", () => body.Recover(fault));
        Wait(delay);
        if (fault != LoopFault.Unexpected)
        {
            // It has come round, though to no result: a new process would have no other bus.
            NoteProgress();
        }

        MoveTo(LoopState.Running);
    }

    // An outage lasts for hundreds of turns: told are its beginning, now and then that it lasts, and its end. Only of what is not understood one needs to know the place.
    private void Tell(LoopFault fault, Exception cause, TimeSpan delay, bool isNews)
    {
        LogLevel level = !isNews ? LogLevel.Debug : fault == LoopFault.Unexpected ? LogLevel.Error : LogLevel.Warning;
        bool needsPlace = fault == LoopFault.Unexpected || !isNews;
        MessagingLog.LoopRecovers(logger, level, name, fault, trouble.Failures, delay, cause.Message, needsPlace ? cause : null);
    }

    private void Mended()
    {
        if (trouble.Failures > 1)
        {
            MessagingLog.LoopMended(logger, name, trouble.Failures, trouble.Since);
        }

        trouble.Clear();
        problem = null;
    }

    private void Fail(MessagingFatalException cause)
    {
        problem = $"Given up: {cause.Message}";
        MessagingLog.LoopFailed(logger, name, cause);
        MoveTo(LoopState.Failed);
    }

    private void Guarded(string what, Action action)
    {
        try
        {
            action();
        }
        catch (Exception cause)
        {
            MessagingLog.LoopStepFailed(logger, name, what, cause);
        }
    }

    private void Wait(TimeSpan delay)
    {
        try
        {
            Task.Delay(delay, time, stopping.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // Told to end while backing off.
        }
    }

    private void MoveTo(LoopState next)
    {
        lock (gate)
        {
            Invariant.Require(next.MayFollow(state), $"A loop that is {state} cannot become {next}", name);
            MessagingLog.LoopMoves(logger, name, state, next);
            state = next;
        }
    }
}
