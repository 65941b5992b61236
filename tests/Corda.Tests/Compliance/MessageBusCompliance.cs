using System.Collections.Frozen;
using System.Diagnostics;
using System.Text;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Compliance;

/// <summary>
/// What every <see cref="IMessageBus"/> does. Nothing here knows of an implementation: offsets may have gaps, names are unique to a run, and everything
/// that may take a while is waited for.
/// </summary>
public abstract partial class MessageBusCompliance : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly FrozenDictionary<TopicPartition, long> NoOffsets = FrozenDictionary<TopicPartition, long>.Empty;

    private readonly string run = Guid.NewGuid().ToString("N")[..8];
    private readonly List<IDisposable> opened = [];
    private int names;

    protected IMessageBus Bus { get; private set; } = null!;

    /// <summary>A bus (of a cluster that may know other topics and groups).</summary>
    protected abstract IMessageBus Open();

    /// <summary>Lets so much time pass that a member that does not poll is evicted.</summary>
    protected abstract Task PassMemberTimeout();

    /// <summary>Has the topic compacted, as far as this bus can be made to.</summary>
    protected abstract Task Compact(string topic);

    /// <summary>A size that this bus refuses.</summary>
    protected abstract int TooManyBytes { get; }

    public Task InitializeAsync()
    {
        Bus = Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        opened.Reverse();
        opened.ForEach(o => o.Dispose());
        await Bus.DisposeAsync();
    }

    protected static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    protected static string Text(byte[]? bytes) => bytes is null ? "<none>" : Encoding.UTF8.GetString(bytes);

    protected static OutgoingRecord Out(string topic, int partition, string key, string? value) =>
        new(new TopicPartition(topic, partition), Utf8(key), value is null ? null : Utf8(value));

    /// <summary>Waits for a condition, doing something each time round; tells what it lacked.</summary>
    protected static async Task Eventually(Func<bool> condition, Func<string> lacked, Action? meanwhile = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, lacked());
            meanwhile?.Invoke();
            await Task.Delay(1);
        }
    }

    protected string Unique(string kind) => $"{kind}.{run}.{++names}";

    protected string NewTopic(Cleanup cleanup = Cleanup.Delete)
    {
        string topic = Unique("topic");
        Bus.EnsureTopics([new TopicSpec(topic, cleanup)]);
        return topic;
    }

    protected IEnumerable<TopicPartition> PartitionsOf(string topic) =>
        Enumerable.Range(0, Bus.PartitionCount(topic)).Select(p => new TopicPartition(topic, p));

    protected ITransactionalProducer NewProducer(string? id = null) => Track(Bus.OpenTransactional(id ?? Unique("tx")));

    protected async Task Write(params OutgoingRecord[] records)
    {
        using IBatchProducer producer = Bus.OpenProducer(Unique("client"));
        await producer.WriteAsync(records).WaitAsync(Patience);
    }

    /// <summary>Everything that is there now, oldest first within each partition.</summary>
    protected async Task<List<ConsumedRecord>> ReadAll(params IEnumerable<TopicPartition> partitions)
    {
        List<TopicPartition> list = [.. partitions];
        using IPartitionReader reader = Bus.OpenReader(list, StartAt.Beginning);
        Dictionary<TopicPartition, long> ends = list.ToDictionary(p => p, reader.EndOffset);
        List<ConsumedRecord> records = [];
        await Eventually(
            () => list.TrueForAll(p => reader.Position(p) >= ends[p]),
            () => $"reading to the end stopped at {string.Join(", ", list.Select(p => $"{p}: {reader.Position(p)} of {ends[p]}"))}",
            () => PollAll(reader, records));
        return records;
    }

    /// <summary>Polls as long as there is something at once.</summary>
    private static void PollAll(IPartitionReader reader, List<ConsumedRecord> into)
    {
        int before;
        do
        {
            before = into.Count;
            into.AddRange(reader.Poll(100, TimeSpan.Zero));
        }
        while (into.Count > before);
    }

    private protected TestMember NewMember(string group, params string[] topics) => Track(new TestMember(Bus, group, Unique("member"), topics));

    /// <summary>Lets the members poll until a condition holds.</summary>
    private protected static Task Drive(Func<bool> until, string what, params TestMember[] members) => Eventually(
        until,
        () => $"lacked: {what}; members: {string.Join("; ", members.Select(m => m.ToString()))}",
        () => Array.ForEach(members, m => m.Poll()));

    private T Track<T>(T resource)
        where T : IDisposable
    {
        opened.Add(resource);
        return resource;
    }
}
