namespace Corda.Workers.Messaging;

/// <summary>A running pattern: consume loops with a beginning, an end and a pulse.</summary>
public interface ISubscription : IAsyncDisposable
{
    /// <summary>For people: pattern, group, topic.</summary>
    string Name { get; }

    /// <summary>Starts the loops and returns at once; <see cref="Health"/> tells when they are at work.</summary>
    void Start();

    /// <summary>Where it stands now.</summary>
    SubscriptionHealth Health { get; }

    /// <summary>How many records its warm copies of what others own are behind; null where it keeps none.</summary>
    long? StandbyLag => null;
}

/// <summary>How a subscription is.</summary>
/// <param name="Ready">Assigned, restored and (for a compacted one) its snapshot taken.</param>
/// <param name="LastProgress">When its slowest loop last came round; liveness is judged by this.</param>
/// <param name="Problem">What keeps it from working, for people; null for nothing.</param>
public readonly record struct SubscriptionHealth(bool Ready, DateTimeOffset LastProgress, string? Problem);
