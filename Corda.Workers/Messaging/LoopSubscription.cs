namespace Corda.Workers.Messaging;

/// <summary>A subscription with one loop. Derived classes say what a turn does; all of theirs but <see cref="IsReady"/> runs on the loop's thread.</summary>
internal abstract class LoopSubscription : ISubscription, ILoopBody
{
    private readonly ConsumeLoop loop;

    protected LoopSubscription(string name, PatternContext context)
    {
        Name = name;
        Context = context;
        loop = new ConsumeLoop(name, this, context.FaultBackOff, context.Time, context.Logger);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public SubscriptionHealth Health => new(loop.State == LoopState.Running && IsReady, loop.LastProgress, loop.Problem);

    protected PatternContext Context { get; }

    protected CancellationToken Stopping => loop.Stopping;

    /// <summary>It does its work. Any thread.</summary>
    protected abstract bool IsReady { get; }

    /// <inheritdoc/>
    public void Start() => loop.Start();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ValueTask ending = loop.DisposeAsync();
        Wakeup();
        await ending;
    }

    /// <inheritdoc/>
    public abstract void Turn();

    /// <inheritdoc/>
    public abstract void Recover(LoopFault fault);

    /// <inheritdoc/>
    public abstract void Close();

    /// <summary>Makes a waiting turn end early. Any thread.</summary>
    protected abstract void Wakeup();
}
