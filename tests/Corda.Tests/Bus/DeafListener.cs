using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Bus;

/// <summary>Does not care.</summary>
internal sealed class DeafListener : IAssignmentListener
{
    public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public void OnLost(IReadOnlyCollection<TopicPartition> partitions)
    {
    }
}
