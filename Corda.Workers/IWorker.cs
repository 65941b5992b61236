namespace Corda.Workers;

/// <summary>A role at work in this process. Disposing it stops its loops; the bus lives longer.</summary>
internal interface IWorker : IAsyncDisposable
{
    /// <summary>The role.</summary>
    WorkerRole Role { get; }

    /// <summary>Starts the loops and returns at once; <see cref="Health"/> tells when they are at work.</summary>
    void Start();

    /// <summary>How each part of the role is now. Any thread, and quick: an orchestrator asks every few seconds.</summary>
    IReadOnlyList<PartHealth> Health();

    /// <summary>How many records its warm copies of what others own are behind; null where it keeps none. Any thread.</summary>
    long? StandbyLag => null;
}

/// <summary>How a part of a role is.</summary>
/// <param name="Name">For people.</param>
/// <param name="Ready">Whether it can do its work.</param>
/// <param name="LastProgress">When its slowest loop last came round; null where it has no loop.</param>
/// <param name="Problem">What keeps it from working; null for nothing.</param>
internal sealed record PartHealth(string Name, bool Ready, DateTimeOffset? LastProgress, string? Problem)
{
    /// <summary>How a subscription is.</summary>
    public static PartHealth Of(Messaging.ISubscription subscription)
    {
        Messaging.SubscriptionHealth health = subscription.Health;
        return new PartHealth(subscription.Name, health.Ready, health.LastProgress, health.Problem);
    }
}
