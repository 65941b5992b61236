using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Kafka;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// The one broker of a run: that of <c>CORDA_TEST_KAFKA</c>, else one of our own, which can be killed, and which has a listener of its own for each worker whose network is
/// to be cut. Both group protocols have the same session timeout and heartbeat on ours.
/// </summary>
internal sealed class BenchBroker : IAsyncDisposable
{
    private const int WaysBesides = 3;
    private const int StartWaits = 3;

    // The last is what docs/operations.md advises for a single broker: without it one that is killed after a quarter of an hour of benchmarks loads its groups for seconds, and
    // may get lost in it (4.2).
    private static readonly string[] Settings =
        ["group.consumer.session.timeout.ms=10000", "group.consumer.heartbeat.interval.ms=100", "offsets.topic.segment.bytes=1048576"];

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);
    private readonly Broker? own;
    private readonly HashSet<string> foreignTopics;
    private readonly HashSet<string> foreignGroups;

    private BenchBroker(string bootstrap, Broker? own, IReadOnlyList<ChaosProxy> ways)
    {
        this.own = own;
        Bootstrap = bootstrap;
        Ways = ways;
        using IAdminClient admin = Admin();
        foreignTopics = Topics(admin).ToHashSet();
        foreignGroups = Groups(admin).ToHashSet();
        if (foreignTopics.Any(static topic => topic.StartsWith("flow.", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"{bootstrap} holds topics of a cluster already: what its flows do would be measured, too.");
        }
    }

    /// <summary>The straight way.</summary>
    public string Bootstrap { get; }

    /// <summary>Ways to the broker that can be cut; none on a broker that was given.</summary>
    public IReadOnlyList<ChaosProxy> Ways { get; }

    /// <summary>Whether it may be harmed.</summary>
    public bool IsOwn => own is not null;

    public static BenchBroker Start()
    {
        if (Environment.GetEnvironmentVariable("CORDA_TEST_KAFKA") is { Length: > 0 } given) return new BenchBroker(given, own: null, []);
        ProxiedListeners listeners = ProxiedListeners.Open(WaysBesides, seed: 1);
        KafkaTool tool = KafkaTool.Find(out string? why) ?? throw new InvalidOperationException(why);
        return new BenchBroker(listeners.Bootstrap, Broker.Start(tool, brokers: 1, [.. Settings, .. listeners.BrokerSettings]), listeners.Proxies);
    }

    /// <summary>SIGKILL, and a start.</summary>
    /// <returns>When it first answered a client, on the clock of <see cref="StepObserver"/>.</returns>
    public async Task<TimeSpan> RestartAsync()
    {
        own!.Kill();
        Task<TimeSpan> serving = Task.Run(FirstAnswer);
        for (int wait = 1; !TryUp(last: wait == StartWaits); wait++)
        {
            // On a busy machine a broker that recovers takes longer than a start is given: the next wait is for the same process.
        }

        return await serving;
    }

    /// <summary>
    /// Removes the topics and groups that have come since the start: the next cluster begins with nothing, with as many partitions as it likes, on the same broker.
    /// </summary>
    public async Task ClearAsync()
    {
        using IAdminClient admin = Admin();
        string[] topics = [.. Topics(admin).Except(foreignTopics)];
        if (topics.Length > 0) await admin.DeleteTopicsAsync(topics, new DeleteTopicsOptions { OperationTimeout = CallTimeout });
        await IntegrationTests.Support.Eventually.True(
            async () => await DeleteGroupsAsync(admin) && !Topics(admin).Except(foreignTopics).Any(), static () => "what a cluster has left on the broker is not gone");
    }

    public async ValueTask DisposeAsync()
    {
        own?.Dispose();
        foreach (ChaosProxy way in Ways) await way.DisposeAsync();
    }

    private static IEnumerable<string> Topics(IAdminClient admin) =>
        admin.GetMetadata(CallTimeout).Topics.Select(static topic => topic.Topic).Where(static topic => !topic.StartsWith("__", StringComparison.Ordinal));

    private static IEnumerable<string> Groups(IAdminClient admin) => admin.ListGroups(CallTimeout).Select(static group => group.Group);

    // Members that were killed are in their group until their session ends: then it can be deleted.
    private async Task<bool> DeleteGroupsAsync(IAdminClient admin)
    {
        string[] groups = [.. Groups(admin).Except(foreignGroups)];
        if (groups.Length == 0) return true;
        try
        {
            await admin.DeleteGroupsAsync(groups);
            return true;
        }
        catch (DeleteGroupsException)
        {
            return false;
        }
    }

    private bool TryUp(bool last)
    {
        try
        {
            own!.Up();
            return true;
        }
        catch (InvalidOperationException) when (!last)
        {
            return false;
        }
    }

    private TimeSpan FirstAnswer()
    {
        using IAdminClient admin = Admin();
        while (true)
        {
            try
            {
                admin.GetMetadata(TimeSpan.FromSeconds(2));
                return StepObserver.Now;
            }
            catch (KafkaException)
            {
                // Not yet. If never, the start of the broker says so.
            }
        }
    }

    // Says nothing of a broker that is down.
    private IAdminClient Admin()
    {
        var settings = new AdminClientConfig { BootstrapServers = Bootstrap, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 50 };
        return new AdminClientBuilder(settings).SetLogHandler(static (_, _) => { }).Build();
    }
}
