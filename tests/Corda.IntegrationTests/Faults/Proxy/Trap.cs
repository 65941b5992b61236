namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>Which half of an exchange is caught.</summary>
public enum Side
{
    /// <summary>The request, before the broker sees it.</summary>
    Request,

    /// <summary>The response, when the broker has done it and the client does not know.</summary>
    Response,
}

/// <summary>
/// Catches one exchange of a kind and holds it, with everything behind it on its connection, until it is let go or dropped. Delivers a request that was held even when the
/// client has closed its connection meanwhile: so a network delays, too.
/// </summary>
internal sealed class Trap(ApiKey kind, Side side, int skip, Func<Frame, bool>? which = null)
{
    private readonly TaskCompletionSource caught = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> verdict = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = skip;
    private volatile Frame? taken;

    public ApiKey Kind => kind;

    public Side Side => side;

    /// <summary>Completes when something has gone into the trap.</summary>
    public Task Caught => caught.Task;

    /// <summary>Whether the exchange goes on; completes with <see cref="Release"/> or <see cref="Drop"/>.</summary>
    public Task<bool> Verdict => verdict.Task;

    /// <summary>Lets what is held go on.</summary>
    public void Release() => verdict.TrySetResult(true);

    /// <summary>Swallows what is held; the connection goes on.</summary>
    public void Drop() => verdict.TrySetResult(false);

    /// <summary>The client loses the connection; what is held stays under way.</summary>
    public void LoseClient() => ClientLost?.Invoke();

    /// <summary>Set by the connection on which something was caught.</summary>
    public Action? ClientLost { get; set; }

    /// <summary>The request that has gone into the trap, or whose response has.</summary>
    public Frame Request => taken ?? throw new InvalidOperationException("Nothing has been caught yet.");

    /// <summary>Whether this request is the one; true once.</summary>
    public bool Takes(Frame request)
    {
        if (request.ApiKey != kind || taken is not null || (which is not null && !which(request)) || Interlocked.Decrement(ref left) != -1) return false;
        taken = request;
        return true;
    }

    public void Close() => caught.TrySetResult();
}
