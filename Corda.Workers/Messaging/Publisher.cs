using System.Collections.Concurrent;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <inheritdoc cref="IPublisher"/>
/// <remarks>
/// Thread-safe, and no caller's thread waits for the bus. What is published at the same time shares commits; each call is atomic by itself. Who wants an order awaits
/// one call before the next.
/// </remarks>
internal sealed class Publisher(string clientId, PatternContext context) : IPublisher
{
    private readonly RecordEncoder encoder = new(context.Bus, context.RecordBytesMax);
    private readonly ConcurrentDictionary<string, Lazy<Task>> ensured = [];
    private readonly Lazy<IBatchProducer> producer = new(() => context.Bus.OpenProducer(clientId));
    private volatile bool disposed;

    /// <inheritdoc/>
    public async Task PublishAsync(params IReadOnlyList<Record> records)
    {
        for (int i = 0; i < records.Count; i++) await EnsureAsync(records[i].Topic);
        ObjectDisposedException.ThrowIf(disposed, this);
        if (records.Count > 0) await producer.Value.WriteAsync([.. records.Select(encoder.Encode)]);
    }

    // The first to write to a topic may come before the first to read it. All who come meanwhile wait for one attempt, and whoever comes after a vain one begins the next.
    private async Task EnsureAsync(Topic topic)
    {
        Lazy<Task> ensuring = ensured.GetOrAdd(topic.Name, static (_, one) => new Lazy<Task>(() => one.Publisher.Ensure(one.Topic)), (Publisher: this, Topic: topic));
        try
        {
            await ensuring.Value;
        }
        catch
        {
            ensured.TryRemove(KeyValuePair.Create(topic.Name, ensuring));
            throw;
        }
    }

    // A thread of its own: the bus makes its caller wait, and with requests that all wait on threads of the pool nobody would be left to hear what they wait for.
    private Task Ensure(Topic topic) => OwnThread.Run(() => context.Bus.EnsureTopics([new TopicSpec(topic.Name, topic.Cleanup)]));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        disposed = true;
        if (producer.IsValueCreated)
        {
            producer.Value.Dispose();
        }

        return ValueTask.CompletedTask;
    }
}
