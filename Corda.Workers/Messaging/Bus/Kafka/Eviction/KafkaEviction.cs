using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>
/// Fences a dead worker's transactional ids and leaves its groups on its behalf. The client library has no call for the latter, so both are said to the
/// brokers directly: a few requests on connections of their own. Thread-safe.
/// </summary>
/// <remarks>
/// <para>A fence is up with the broker's first answer; that answer is "concurrent transactions" where there was something to abort, and the abort goes on by itself.
/// It is never asked again after that: were the dead one alive, the second fence would hit the producer that it has made anew meanwhile. The same answer comes where the
/// transaction was about to end anyhow: then nothing is left open, and what a living one would begin after it ends at its lost membership.</para>
/// <para>The leave follows right behind the first answers: were it first, the new owner would ask for offsets that are not stable yet, and wait its back-off.</para>
/// </remarks>
internal sealed partial class KafkaEviction
{
    // Several rounds of broker elections; after that, the timeouts of the bus have as good as decided.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FenceHeadStart = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan OutageDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AgainDelay = TimeSpan.FromMilliseconds(500);

    // Of the id while nobody uses it; its next owner, if there is one, names its own.
    private static readonly TimeSpan TransactionTimeout = TimeSpan.FromSeconds(10);

    private readonly string bootstrapServers;
    private readonly WireSecurity? security;
    private readonly bool consumerProtocol;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    /// <summary>Evicts on a cluster of brokers.</summary>
    /// <param name="bootstrapServers">As the client gets them.</param>
    /// <param name="client">The client's settings; those of security and the group protocol matter here.</param>
    /// <param name="time">The only clock.</param>
    /// <param name="logger">Where failures go.</param>
    public KafkaEviction(string bootstrapServers, IReadOnlyDictionary<string, string> client, TimeProvider time, ILogger logger)
    {
        (this.bootstrapServers, this.time, this.logger) = (bootstrapServers, time, logger);
        consumerProtocol = client.GetValueOrDefault("group.protocol", "classic").Equals("consumer", StringComparison.OrdinalIgnoreCase);
        security = WireSecurity.From(client, out string? reason);
        if (security is null) LogUnable(logger, reason!);
    }

    /// <inheritdoc cref="IMessageBus.Evict"/>
    public async Task<bool> Evict(DeadWorker dead)
    {
        if (security is null) return false;

        using var limit = new CancellationTokenSource(Patience, time);
        await using var brokers = new WireBrokers(bootstrapServers, security, limit.Token);
        var firstAnswers = new FirstAnswers(dead.TransactionalIds.Count);
        Task<bool>[] fences = [.. dead.TransactionalIds.Select(id => Fence(brokers, dead, id, firstAnswers, limit.Token))];
        await Task.WhenAny(firstAnswers.All, Task.Delay(FenceHeadStart, time));
        Task<bool>[] leaves = [.. dead.Members.Select(member => Leave(brokers, dead, member, limit.Token))];
        bool[] done = await Task.WhenAll([.. fences, .. leaves]);
        return Array.TrueForAll(done, static one => one);
    }

    /// <summary>
    /// Leaves a group for a member of this worker's own that its client has given up, as it does when no broker answers for the session timeout. The brokers, back
    /// again, know nothing of it: the group would wait for the vanished member for as long again, and nobody would be given its partitions.
    /// </summary>
    /// <remarks>
    /// One answer is not the end of it. A leave is in the coordinator's memory until the group has a new generation, and a broker that starts (seen with 4.2) may load its
    /// groups from the log, let go of them and load them once more: with the member that has left in between. So it is said until the broker would have given the member up.
    /// </remarks>
    /// <param name="member">The member. Nobody has this id any more.</param>
    /// <param name="sessionTimeout">For so long after the first answer.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task LeaveBehind(GroupMemberId member, TimeSpan sessionTimeout, CancellationToken cancellation)
    {
        if (security is null) return;

        await using var brokers = new WireBrokers(bootstrapServers, security, cancellation);
        WireRequest leave = WireRequest.LeaveGroup(member.Group, member.MemberId);
        long? answered = null;
        string? problem;
        do
        {
            if (answered is not null) await Task.Delay(AgainDelay, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            problem = await AskUntilDone(Say, OutageDelay, cancellation);
            answered ??= time.GetTimestamp();
        }
        while (problem is null && time.GetElapsedTime(answered.Value) < sessionTimeout);

        if (problem is not null && !cancellation.IsCancellationRequested) LogNotDone(logger, "a former membership", LeavingOf(member), problem);

        async Task<WireError> Say()
        {
            // Whatever a coordinator says that knows the group: the member is out of it now.
            WireError error = await brokers.AskCoordinator(member.Group, CoordinatorKind.Group, leave);
            return IsPassing(error) ? error : WireError.None;
        }
    }

    private Task<bool> Fence(WireBrokers brokers, DeadWorker dead, string id, FirstAnswers firstAnswers, CancellationToken cancellation) => Guarded(
        dead,
        $"fencing of transactional id '{id}'",
        async () =>
        {
            WireError error = await brokers.AskCoordinator(id, CoordinatorKind.Transaction, WireRequest.InitProducerId(id, TransactionTimeout));
            firstAnswers.Add(id);
            return error == WireError.ConcurrentTransactions ? WireError.None : error;
        },
        cancellation);

    // Which protocol the dead one spoke is not said; a broker answers the wrong leave with "unknown member", and the right one changes nothing twice.
    private Task<bool> Leave(WireBrokers brokers, DeadWorker dead, GroupMemberId member, CancellationToken cancellation) => Guarded(
        dead,
        LeavingOf(member),
        async () =>
        {
            WireRequest classic = WireRequest.LeaveGroup(member.Group, member.MemberId);
            WireRequest consumer = WireRequest.LeaveConsumerGroup(member.Group, member.MemberId);
            (WireRequest first, WireRequest second) = consumerProtocol ? (consumer, classic) : (classic, consumer);
            WireError error = await brokers.AskCoordinator(member.Group, CoordinatorKind.Group, first);
            if (!IsUnknown(error)) return error;
            error = await brokers.AskCoordinator(member.Group, CoordinatorKind.Group, second);
            return IsUnknown(error) ? WireError.None : error;
        },
        cancellation);

    private static bool IsUnknown(WireError error) => error is WireError.UnknownMember or WireError.GroupIdNotFound or WireError.UnsupportedVersion;

    private static string LeavingOf(GroupMemberId member) => $"leaving of group '{member.Group}' as '{member.MemberId}'";

    private async Task<bool> Guarded(DeadWorker dead, string what, Func<Task<WireError>> attempt, CancellationToken cancellation)
    {
        string? problem = await AskUntilDone(attempt, RetryDelay, cancellation);
        if (problem is not null) LogNotDone(logger, dead.Name, what, problem);
        return problem is null;
    }

    /// <summary>Tries until the brokers have done it, have refused it for good, or nobody waits any more. Null if it is done, else what was in the way.</summary>
    private async Task<string?> AskUntilDone(Func<Task<WireError>> attempt, TimeSpan pause, CancellationToken cancellation)
    {
        string problem = "no answer";
        try
        {
            while (true)
            {
                try
                {
                    WireError error = await attempt();
                    if (error == WireError.None) return null;
                    problem = error.ToString();
                    if (!IsPassing(error)) return problem;
                }
                catch (IOException cause)
                {
                    problem = cause.Message;
                }

                await Task.Delay(pause, time, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            return $"given up in the end: {problem}";
        }
        catch (Exception cause)
        {
            // Nobody waits for this task: what is wrong is told here or never.
            return cause.Message;
        }
    }

    private static bool IsPassing(WireError error) => error
        is WireError.CoordinatorLoading or WireError.CoordinatorNotAvailable or WireError.NotCoordinator;

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "This worker cannot evict others: {Reason}. When a worker dies, its group's session timeout and its transactions' timeout decide")]
    private static partial void LogUnable(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Eviction of {Worker}: {What} was not done: {Problem}. The timeout decides")]
    private static partial void LogNotDone(ILogger logger, string worker, string what, string problem);

    /// <summary>Tells when every fence has had its first answer.</summary>
    private sealed class FirstAnswers
    {
        private readonly HashSet<string> answered = [];
        private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly int count;

        public FirstAnswers(int count)
        {
            this.count = count;
            if (count == 0) all.SetResult();
        }

        public Task All => all.Task;

        public void Add(string id)
        {
            lock (answered)
            {
                if (answered.Add(id) && answered.Count == count) all.TrySetResult();
            }
        }
    }
}
