using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Kafka;

/// <summary>A member that keeps what it reads.</summary>
internal sealed class TestGroupMember : IAssignmentListener, IDisposable
{
    public TestGroupMember(IMessageBus bus, string group, string topic) => Consumer = bus.JoinGroup(group, "member", [topic], this);

    public IGroupConsumer Consumer { get; }

    public List<ConsumedRecord> Records { get; } = [];

    public void Poll() => Records.AddRange(Consumer.Poll(100, TimeSpan.FromMilliseconds(20)));

    public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public void OnLost(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public void Dispose() => Consumer.Dispose();
}
