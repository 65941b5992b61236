namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>Whose membership it is: the member of a group, asked on the thread that polls.</summary>
internal interface IMembershipHolder
{
    /// <summary>The membership now.</summary>
    GroupMembership Membership { get; }

    /// <summary>These offsets have been committed with its membership.</summary>
    void OnCommitted(IReadOnlyDictionary<TopicPartition, long> offsets);
}
