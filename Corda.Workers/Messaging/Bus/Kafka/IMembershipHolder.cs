namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>Whose membership it is: the member of a group, asked on the thread that polls.</summary>
internal interface IMembershipHolder
{
    /// <summary>The membership now.</summary>
    GroupMembership Membership { get; }

    /// <summary>
    /// The same offsets, none of them behind what the group has committed by now: an idle partition's may have been moved over control records meanwhile, and whoever
    /// committed the place of the last event again would stand before the first offset that is left once retention has deleted it.
    /// </summary>
    /// <exception cref="MessagingTransientException">Older offsets are still on their way to the group, and might come after these.</exception>
    IReadOnlyDictionary<TopicPartition, long> Forward(IReadOnlyDictionary<TopicPartition, long> offsets);

    /// <summary>These offsets have been committed with its membership.</summary>
    void OnCommitted(IReadOnlyDictionary<TopicPartition, long> offsets);
}
