using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Refuses a group that has run with the other protocol. The brokers would convert it, or mix both; and a broker (4.2) that is killed later may not be able to
/// load what that leaves in the log of the groups, after which no worker goes on (docs/operations.md). Thread-safe.
/// </summary>
internal sealed class GroupProtocols(KafkaClients clients, IAdminClient admin)
{
    private readonly ConcurrentDictionary<string, bool> good = new(StringComparer.Ordinal);

    /// <summary>Does nothing where the group is new, or its type is unknown to the brokers (before 3.8). Asks once for a group.</summary>
    /// <exception cref="MessagingFatalException">The group has run with the other protocol.</exception>
    /// <exception cref="MessagingTransientException">No broker answers for now.</exception>
    public void Require(string group)
    {
        if (good.ContainsKey(group))
        {
            return;
        }

        (ConsumerGroupListing? found, bool isComplete) = Find(group);

        // One that has nothing but offsets (as kafka-consumer-groups --reset-offsets makes it) has no protocol yet, though its type is classic.
        if (found is { IsSimpleConsumerGroup: false } && Other(found.Type) is { } other)
        {
            throw new MessagingFatalException(
                $"group '{group}' has run with the {other} protocol, Corda:Bus:Kafka:GroupProtocol is {clients.Options.GroupProtocol}: the protocol of a cluster is "
                + $"for good. Set it to {other}; deleting the group would lose where it is, and brokers may fail to load it even then");
        }

        if (found is not null || isComplete)
        {
            good[group] = true;
        }
    }

    private KafkaGroupProtocol? Other(ConsumerGroupType type)
    {
        KafkaGroupProtocol? known = type switch
        {
            ConsumerGroupType.Classic => KafkaGroupProtocol.Classic,
            ConsumerGroupType.Consumer => KafkaGroupProtocol.Consumer,
            _ => null,
        };
        return known == clients.Options.GroupProtocol ? null : known;
    }

    private (ConsumerGroupListing? Found, bool IsComplete) Find(string group)
    {
        try
        {
            ListConsumerGroupsResult all = admin.ListConsumerGroupsAsync(new ListConsumerGroupsOptions { RequestTimeout = KafkaSettings.LookTimeout })
                .GetAwaiter().GetResult();
            return (all.Valid.Find(Is), true);
        }
        catch (ListConsumerGroupsException partial)
        {
            return (partial.Results.Valid.Find(Is), false);
        }
        catch (KafkaException cause)
        {
            throw new MessagingTransientException(
                $"the groups on {clients.Options.BootstrapServers} cannot be listed: {KafkaErrors.Text(cause.Error)}{clients.Trouble}", cause);
        }

        bool Is(ConsumerGroupListing listing) => listing.GroupId == group;
    }
}
