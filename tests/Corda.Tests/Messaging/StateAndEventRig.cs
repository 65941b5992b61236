using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.StateAndEvent;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Messaging;

/// <summary>A bus in memory, a clock that stands still, and state-and-event subscriptions over text.</summary>
internal sealed class StateAndEventRig : IAsyncDisposable
{
    public static readonly Topic<Text> Events = new("test.event", Routing.Prefix, Cleanup.Delete, new TextCodec());
    public static readonly Topic<Text> Out = new("test.out", Routing.Prefix, Cleanup.Delete, new TextCodec());

    // Longer than any step by which tests move the clock: a lane that is about to poll just then is not evicted.
    private static readonly TimeSpan MemberTimeout = TimeSpan.FromMinutes(5);

    private readonly EmbeddedBus inner;
    private readonly List<ISubscription> subscriptions = [];
    private readonly Publisher publisher;

    private readonly TemporaryFolder? copies;
    private readonly Dictionary<string, StateCache> caches = [];

    /// <summary>A bus without subscriptions.</summary>
    /// <param name="spills">States are in local copies as well, and memory has no room for any.</param>
    public StateAndEventRig(bool spills = false)
    {
        copies = spills ? new TemporaryFolder() : null;
        inner = new EmbeddedBus(
            new MemoryLogStore(), new EmbeddedBusOptions { PartitionCount = 4, MemberTimeout = MemberTimeout }, Time, NullLogger<EmbeddedBus>.Instance);
        Bus = new FaultyBus(inner);
        Context = new PatternContext(inner, "test", Time, Log);
        publisher = new Publisher("test-publisher", Context);
        inner.EnsureTopics(
        [
            new(Events.Name, Cleanup.Delete), new(Out.Name, Cleanup.Delete), new(Settings("x").StateTopic, Cleanup.Compact),
            new(Settings("x").DeadLetterTopic.Name, Cleanup.Delete),
        ]);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>The bus of the present process.</summary>
    public FaultyBus Bus { get; private set; }

    /// <summary>The transactions that were written, but those that only change crash markers or prove an ownership.</summary>
    public int Batches => Bus.Commits.Count(static records => records.Any(static record => !KeyComparer.Instance.Equals(record.Key, PartitionStates<Text>.MarkerKey)));

    public PatternContext Context { get; }

    public RecordingLogger Log { get; } = new();

    public TextProcessor Processor { get; } = new();

    /// <summary>One lane, two threads. A test that moves the clock must not thereby end chains or give up steps, unless it means to.</summary>
    public static StateAndEventSettings<Text, Text> Settings(string instance) => new("text", "text-group", Events, new TextCodec(), instance)
    {
        Lanes = 1,
        StepThreads = 2,
        ChainTimeMax = TimeSpan.FromDays(1),
        StepTimeout = TimeSpan.FromDays(1),
    };

    /// <summary>Starts a subscription in the present process.</summary>
    public ISubscription Start(
        Func<StateAndEventSettings<Text, Text>, StateAndEventSettings<Text, Text>>? change = null, string instance = "one", TextProcessor? processor = null)
    {
        StateAndEventSettings<Text, Text> settings = Settings(instance) with { StateCache = CacheOf(instance) };
        var subscription = new StateAndEventSubscription<Text, Text>(
            change?.Invoke(settings) ?? settings, processor ?? Processor, Bus, Time, Log);
        subscriptions.Add(subscription);
        subscription.Start();
        return subscription;
    }

    /// <summary>A subscription that has joined and restored.</summary>
    public async Task<ISubscription> StartReady(
        Func<StateAndEventSettings<Text, Text>, StateAndEventSettings<Text, Text>>? change = null, string instance = "one", TextProcessor? processor = null)
    {
        ISubscription subscription = Start(change, instance, processor);
        await Eventually.True(() => subscription.Health.Ready, () => $"ready; health is {subscription.Health}");
        return subscription;
    }

    /// <summary>The process dies; the next subscription is another one's.</summary>
    public async Task Kill()
    {
        Bus.Die();
        foreach (ISubscription subscription in subscriptions)
        {
            await subscription.DisposeAsync();
        }

        subscriptions.Clear();
        caches.Clear();
        Bus = new FaultyBus(inner);
    }

    public async Task Stop(ISubscription subscription)
    {
        subscriptions.Remove(subscription);
        await subscription.DisposeAsync();
    }

    public Task Publish(string key, params IReadOnlyList<string> texts) =>
        publisher.PublishAsync([.. texts.Select(text => TextProcessor.To(key, text))]);

    public Task Publish(params IReadOnlyList<Record> records) => publisher.PublishAsync(records);

    public Task PublishBytes(string key, byte[]? value) => PublishBytes(PartitionOf(Events.Name, key), Encoding.UTF8.GetBytes(key), value);

    public async Task PublishBytes(TopicPartition partition, byte[] key, byte[]? value)
    {
        using IBatchProducer producer = inner.OpenProducer("raw");
        await producer.WriteAsync([new OutgoingRecord(partition, key, value)]);
    }

    public TopicPartition PartitionOf(string topic, string key) =>
        new(topic, Partitioning.PartitionOf(Routing.Prefix, Encoding.UTF8.GetBytes(key), inner.PartitionCount(topic)));

    public void EnsureTopic(TopicSpec topic) => inner.EnsureTopics([topic]);

    /// <summary>All records of a topic, partition by partition.</summary>
    public List<ConsumedRecord> Read(string topic)
    {
        List<TopicPartition> partitions = [.. Enumerable.Range(0, inner.PartitionCount(topic)).Select(p => new TopicPartition(topic, p))];
        using IPartitionReader reader = inner.OpenReader(partitions, StartAt.Beginning);
        Dictionary<TopicPartition, long> ends = partitions.ToDictionary(p => p, reader.EndOffset);
        var records = new List<ConsumedRecord>();
        while (ends.Any(end => reader.Position(end.Key) < end.Value))
        {
            records.AddRange(reader.Poll(1_000, TimeSpan.FromMilliseconds(1)));
        }

        return records;
    }

    public List<string> Outputs(string key) =>
        [.. Read(Out.Name).Where(r => Encoding.UTF8.GetString(r.Key) == key).Select(r => Encoding.UTF8.GetString(r.Value!))];

    public List<DeadLetter> DeadLetters() => [.. Read(Settings("x").DeadLetterTopic.Name).Select(r => new DeadLetterCodec().Decode(r.Value))];

    /// <summary>Every record that a key's state ever had; null for a tombstone.</summary>
    public List<StateRecord?> History(string key) =>
    [
        .. Read(Settings("x").StateTopic).Where(r => Encoding.UTF8.GetString(r.Key) == key)
            .Select(r => r.Value is null ? null : StateRecordCodec.Decode(r.Value)),
    ];

    /// <summary>The committed state of a key; null for none.</summary>
    public string? State(string key) =>
        History(key).LastOrDefault()?.Payload is { } payload ? Encoding.UTF8.GetString(payload) : null;

    public Task StateBecomes(string key, string? expected, Action? between = null) =>
        Eventually.True(
            () => State(key) == expected,
            () => $"the state of {key} is {State(key)}, not {expected}; {string.Join("; ", subscriptions.Select(s => s.Health))}\n{Log.Tail()}",
            between);

    /// <summary>For <see cref="Eventually"/>: lets back-offs and waits pass.</summary>
    public void PassTime() => Time.Advance(TimeSpan.FromMilliseconds(200));

    public async ValueTask DisposeAsync()
    {
        foreach (ISubscription subscription in subscriptions)
        {
            await subscription.DisposeAsync();
        }

        await publisher.DisposeAsync();
        await inner.DisposeAsync();
        copies?.Dispose();
    }

    private StateCache? CacheOf(string instance) => copies is null ? null
        : caches.TryGetValue(instance, out StateCache? cache) ? cache
        : caches[instance] = new StateCache(copies[instance], bytesMax: 1, Time, Log);
}
