using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Compliance;

/// <summary>A member of a group that remembers what it was told and what it was given.</summary>
internal sealed class TestMember : IAssignmentListener, IDisposable
{
    private readonly string name;

    public TestMember(IMessageBus bus, string group, string name, params string[] topics)
    {
        this.name = name;
        Consumer = bus.JoinGroup(group, name, topics, this);
    }

    public IGroupConsumer Consumer { get; }

    public HashSet<TopicPartition> Owned { get; } = [];

    public List<ConsumedRecord> Records { get; } = [];

    public List<TopicPartition> Assigned { get; } = [];

    public List<TopicPartition> Revoked { get; } = [];

    public List<TopicPartition> Lost { get; } = [];

    /// <summary>Called within <see cref="IAssignmentListener.OnRevoked"/>, while the partitions are still the member's.</summary>
    public Action<IReadOnlyCollection<TopicPartition>> BeforeRevoked { get; set; } = _ => { };

    public int TimesFenced { get; private set; }

    /// <summary>For each partition the offset after the last record received.</summary>
    public Dictionary<TopicPartition, long> Consumed =>
        Records.GroupBy(r => r.Partition).Where(g => Owned.Contains(g.Key)).ToDictionary(g => g.Key, g => g.Max(r => r.Offset) + 1);

    public IEnumerable<string> Values => Records.Select(r => r.Value is null ? "<none>" : System.Text.Encoding.UTF8.GetString(r.Value));

    public void Poll(int recordsMax = 100)
    {
        try
        {
            Records.AddRange(Consumer.Poll(recordsMax, TimeSpan.Zero));
        }
        catch (MessagingEvictedException)
        {
            TimesFenced++;
        }
    }

    public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
        Assert.All(partitions, p => Assert.True(Owned.Add(p), $"{p} was assigned twice to {name}"));
        Assigned.AddRange(partitions);
    }

    public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        BeforeRevoked(partitions);
        Assert.All(partitions, p => Assert.True(Owned.Remove(p), $"{p} was revoked from {name}, which does not own it"));
        Revoked.AddRange(partitions);
    }

    public void OnLost(IReadOnlyCollection<TopicPartition> partitions)
    {
        Assert.All(partitions, p => Assert.True(Owned.Remove(p), $"{p} was lost by {name}, which does not own it"));
        Lost.AddRange(partitions);
    }

    public override string ToString() =>
        $"{name} owns [{string.Join(", ", Owned)}], was fenced {TimesFenced} times, has {Records.Count} records";

    public void Dispose() => Consumer.Dispose();
}
