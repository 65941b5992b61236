using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// A bus inside this process: the partitions' tails in memory, all of it in a <see cref="ILogStore"/>, one writer with group commit, consumer groups
/// and transactional ids that fence just like Kafka's.
/// </summary>
/// <remarks>
/// Locks, and there are no others: the coordinator's (groups and transactional ids), and the leaves of each partition's tail, of the writer's queue and of
/// each poller's signal. Only signals are touched under another lock. None is held during I/O or while a listener is called.
/// </remarks>
internal sealed class EmbeddedBus : IMessageBus
{
    private readonly BusCore core;
    private readonly CommitQueue queue;
    private readonly CommitWriter writer;
    private readonly CancellationTokenSource closing = new();
    private readonly Lazy<Task> closed;
    private readonly ITimer evictionTimer;
    private readonly ITimer maintenanceTimer;

    /// <summary>Opens the bus on a store, which it disposes of at its end.</summary>
    /// <exception cref="MessagingFatalException">The store cannot be used; the message says what to do.</exception>
    public EmbeddedBus(ILogStore store, EmbeddedBusOptions options, TimeProvider time, ILogger<EmbeddedBus> logger)
    {
        closed = new Lazy<Task>(CloseAsync);
        StoredLog stored = store.Open();
        TopicTable topics = new(stored, options.TailBytesMax);
        GroupCoordinator coordinator = new(topics, stored.Offsets, time, options.MemberTimeout, logger);
        core = new BusCore(options, time, logger, store, topics, coordinator, closing.Token);
        queue = new CommitQueue(options.PendingBytesMax, options.GroupBytesMax);
        writer = new CommitWriter(core, queue, new LogMaintenance(core, stored.Partitions), stored.Sequence);

        // A quarter of the limit: a silent member is out after at most five quarters of it.
        TimeSpan evictionPeriod = options.MemberTimeout / 4;
        evictionTimer = time.CreateTimer(_ => coordinator.EvictSilent(), state: null, evictionPeriod, evictionPeriod);
        maintenanceTimer = time.CreateTimer(_ => queue.Nudge(), state: null, options.MaintenanceInterval, options.MaintenanceInterval);
    }

    public void EnsureTopics(IReadOnlyCollection<TopicSpec> topics)
    {
        if (topics.Any(IsMissing))
        {
            writer.Execute(() => AddMissing(topics));
        }
    }

    public int PartitionCount(string topic) => core.Topics.Require(topic).Partitions.Length;

    public IGroupConsumer JoinGroup(string group, string memberName, IReadOnlyCollection<string> topics, IAssignmentListener listener)
    {
        RequireOpen();
        foreach (string topic in topics)
        {
            core.Topics.Require(topic);
        }

        return new GroupConsumer(group, memberName, topics.ToHashSet(), listener, core);
    }

    public IPartitionReader OpenReader(IReadOnlyCollection<TopicPartition> partitions, StartAt startAt, ReaderPace pace = ReaderPace.Prompt)
    {
        RequireOpen();
        return new PartitionReader(partitions, startAt, core);
    }

    public OffsetRange OffsetsOf(TopicPartition partition) => new(0, core.Topics.Require(partition).End);

    public string TopicIdentity(string topic) => core.Topics.IdentityOf(topic);

    public ITransactionalProducer OpenTransactional(string transactionalId)
    {
        RequireOpen();
        return new TransactionalProducer(core.Coordinator.Open(transactionalId), writer, core);
    }

    public IBatchProducer OpenProducer(string clientId)
    {
        RequireOpen();
        return new BatchProducer(writer, core);
    }

    public Task<bool> Evict(DeadWorker dead)
    {
        RequireOpen();
        core.Coordinator.Evict(dead);
        return Task.FromResult(true);
    }

    /// <summary>
    /// Writes what waits already, then refuses everything. Listeners are not called: it is as if the process ended here. However often and by how many it is called,
    /// it happens once, and each call ends when it is done.
    /// </summary>
    public ValueTask DisposeAsync() => new(closed.Value);

    private async Task CloseAsync()
    {
        await evictionTimer.DisposeAsync();
        await maintenanceTimer.DisposeAsync();
        queue.Close();
        await writer.Ended;
        await closing.CancelAsync();
        core.Coordinator.Close();
        core.Store.Dispose();
    }

    private void AddMissing(IReadOnlyCollection<TopicSpec> topics)
    {
        List<StoredTopic> added = [];
        int partitionId = core.Topics.PartitionIdNext;
        foreach (TopicSpec topic in topics.DistinctBy(t => t.Name).Where(IsMissing))
        {
            added.Add(new StoredTopic(topic.Name, topic.Cleanup, core.Options.PartitionCount, partitionId));
            partitionId += core.Options.PartitionCount;
        }

        if (added.Count > 0)
        {
            core.Store.AddTopics(added);
            core.Topics.Add(added);
        }
    }

    private bool IsMissing(TopicSpec topic)
    {
        if (core.Topics.Find(topic.Name)?.Stored is not { } stored)
        {
            return true;
        }

        if (stored.PartitionCount != core.Options.PartitionCount || stored.Cleanup != topic.Cleanup)
        {
            throw new MessagingFatalException(
                $"topic '{topic.Name}' exists with {stored.PartitionCount} partitions and clean-up {stored.Cleanup}, but {core.Options.PartitionCount} partitions "
                + $"and {topic.Cleanup} are configured; keys would be looked for in the wrong partition: "
                + "set the former values again, or begin with an empty data folder");
        }

        return false;
    }

    private void RequireOpen() => ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
}
