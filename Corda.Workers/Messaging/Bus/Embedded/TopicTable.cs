namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>The topics of a bus and their partitions. Read by any thread without a lock; changed by the commit writer, which puts a new table in place.</summary>
internal sealed class TopicTable
{
    private readonly string log;
    private readonly long tailBytesMax;
    private volatile Dictionary<string, TopicEntry> topics;

    public TopicTable(StoredLog stored, long tailBytesMax)
    {
        log = stored.Identity;
        this.tailBytesMax = tailBytesMax;
        Dictionary<int, PartitionState> states = stored.Partitions.ToDictionary(p => p.Id);
        topics = stored.Topics.ToDictionary(t => t.Name, t => Entry(t, id => states[id].End));
    }

    /// <summary>Every partition of every topic.</summary>
    public IEnumerable<PartitionLog> AllPartitions => topics.Values.SelectMany(t => t.Partitions);

    /// <summary>The id that the next topic's first partition gets.</summary>
    public int PartitionIdNext => topics.Values.Select(t => t.Stored.FirstPartitionId + t.Stored.PartitionCount).DefaultIfEmpty(0).Max();

    /// <summary>Names a topic for ever: the log, and its place in it.</summary>
    public string IdentityOf(string name) => $"{log}/{Require(name).Stored.FirstPartitionId}";

    /// <summary>A topic, or null.</summary>
    public TopicEntry? Find(string name) => topics.GetValueOrDefault(name);

    /// <summary>A topic that must exist.</summary>
    /// <exception cref="MessagingFatalException">It does not.</exception>
    public TopicEntry Require(string name) => Find(name) ?? throw new MessagingFatalException(
        $"topic '{name}' does not exist on this bus; it must be among the topics given to EnsureTopics when the worker starts");

    /// <summary>A partition that must exist.</summary>
    /// <exception cref="MessagingFatalException">It does not.</exception>
    public PartitionLog Require(TopicPartition partition)
    {
        TopicEntry topic = Require(partition.Topic);
        return (uint)partition.Partition < (uint)topic.Partitions.Length
            ? topic.Partitions[partition.Partition]
            : throw new MessagingFatalException($"partition {partition} does not exist; the topic has {topic.Partitions.Length} partitions, counted from 0");
    }

    /// <summary>Adds topics that the store has already.</summary>
    public void Add(IReadOnlyList<StoredTopic> added)
    {
        Dictionary<string, TopicEntry> next = new(topics);
        foreach (StoredTopic topic in added)
        {
            next.Add(topic.Name, Entry(topic, _ => 0));
        }

        topics = next;
    }

    private TopicEntry Entry(StoredTopic topic, Func<int, long> endOf) => new(topic,
    [
        .. Enumerable.Range(0, topic.PartitionCount).Select(i =>
        {
            StoredPartition identity = new(topic.FirstPartitionId + i, new TopicPartition(topic.Name, i));
            return new PartitionLog(identity, topic.Cleanup, endOf(identity.Id), tailBytesMax);
        }),
    ]);
}

/// <summary>A topic and its partitions.</summary>
internal sealed record TopicEntry(StoredTopic Stored, PartitionLog[] Partitions);
