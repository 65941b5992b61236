using System.Collections.Concurrent;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <inheritdoc cref="IPublisher"/>
/// <remarks>Thread-safe. What is published at the same time shares commits; each call is atomic by itself.</remarks>
internal sealed class Publisher(string clientId, PatternContext context) : IPublisher
{
    private readonly RecordEncoder encoder = new(context.Bus, context.RecordBytesMax);
    private readonly ConcurrentDictionary<string, bool> topicsThere = [];
    private readonly Lazy<IBatchProducer> producer = new(() => context.Bus.OpenProducer(clientId));

    /// <inheritdoc/>
    public Task PublishAsync(params IReadOnlyList<Record> records)
    {
        var encoded = new OutgoingRecord[records.Count];
        for (int i = 0; i < encoded.Length; i++)
        {
            Ensure(records[i].Topic);
            encoded[i] = encoder.Encode(records[i]);
        }

        return encoded.Length == 0 ? Task.CompletedTask : producer.Value.WriteAsync(encoded);
    }

    // The first to write to a topic may come before the first to read it.
    private void Ensure(Topic topic)
    {
        if (topicsThere.ContainsKey(topic.Name))
        {
            return;
        }

        context.Bus.EnsureTopics([new TopicSpec(topic.Name, topic.Cleanup)]);
        topicsThere[topic.Name] = true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (producer.IsValueCreated)
        {
            producer.Value.Dispose();
        }

        return ValueTask.CompletedTask;
    }
}
