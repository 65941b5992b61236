using Corda.IntegrationTests.Support;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Logging;

namespace Corda.IntegrationTests.Kafka;

/// <summary>Settings of security are passed through to every client of the bus; what is wrong with them is said.</summary>
public sealed class KafkaSecurityTests(SecuredBroker broker) : IClassFixture<SecuredBroker>
{
    private readonly LogLines log = new();

    [OwnBrokerTheory]
    [InlineData("SASL_PLAINTEXT", "PLAIN")]
    [InlineData("SASL_SSL", "SCRAM-SHA-512")]
    [InlineData("SSL", "")]
    public async Task Everything_works_over_a_secured_listener(string listener, string mechanism)
    {
        await using KafkaBus bus = Open(listener, broker.Client(listener, mechanism));
        string topic = $"secured.{Guid.NewGuid():N}";
        TopicPartition place = new(topic, 0);
        bus.EnsureTopics([new TopicSpec(topic, Cleanup.Delete)]);
        using IBatchProducer producer = bus.OpenProducer($"client.{topic}");
        await producer.WriteAsync([new OutgoingRecord(place, [1], [1])]);
        using TestGroupMember member = new(bus, $"group.{topic}", topic);
        for (int i = 0; i < 1_000 && member.Records.Count == 0; i++) member.Poll();
        Assert.Single(member.Records);
        using ITransactionalProducer transactional = bus.OpenTransactional($"tx.{topic}");

        transactional.Commit([new OutgoingRecord(place, [2], [2])], new Dictionary<TopicPartition, long> { [place] = 1 }, member.Consumer.Membership);

        using IPartitionReader reader = bus.OpenReader([place], StartAt.Beginning);
        Assert.True(reader.EndOffset(place) >= 2);
    }

    [OwnBrokerTheory]
    [InlineData("SASL_PLAINTEXT", "sasl.password", "wrong", "uthentication")]
    [InlineData("SASL_SSL", "ssl.ca.location", "", "SSL handshake failed")]
    public async Task Wrong_credentials_are_a_transient_error_that_tells_the_reason(string listener, string setting, string value, string reason)
    {
        Dictionary<string, string> client = broker.Client(listener, "PLAIN");
        if (value.Length == 0) client.Remove(setting);
        else client[setting] = value;
        await using KafkaBus bus = Open(listener, client);

        // The client tells why on a thread of its own: the first call may end before it has.
        string said = "";
        await Eventually.True(
            () =>
            {
                said = Assert.Throws<MessagingTransientException>(() => bus.EnsureTopics([new TopicSpec("never", Cleanup.Delete)])).Message;
                return Task.FromResult(said.Contains(reason, StringComparison.Ordinal));
            },
            () => $"the reason was never told, only: {said}");
    }

    [OwnBrokerFact]
    public async Task Process_that_is_told_by_command_line_and_environment_runs_a_flow_over_a_secured_listener()
    {
        Dictionary<string, string> client = broker.Client("SASL_SSL", "SCRAM-SHA-512");
        client.Remove("security.protocol", out string? protocol);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("corda-secured-host-");
        using (var host = new HostProcess(
            folder.FullName,
            "--Corda:Bus:Type=Kafka",
            $"--Corda:Bus:Kafka:BootstrapServers={broker.Bootstrap("SASL_SSL")}",
            $"--Corda:Bus:Kafka:Client:security.protocol={protocol}")
        {
            Environment = client.ToDictionary(static one => $"Corda__Bus__Kafka__Client__{one.Key.Replace('.', '_')}", static one => one.Value),
        })
        {
            await host.StartReadyAsync();

            Assert.Equal("COMPLETED", await host.RunCountdownAsync(await host.AnyNodeAsync(), "secured"));

            // That others can be evicted over the same listener is not denied either.
            Assert.DoesNotContain("cannot evict", host.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(SecuredBroker.Password, host.Output, StringComparison.Ordinal);
        }

        folder.Delete(recursive: true);
    }

    private KafkaBus Open(string listener, Dictionary<string, string> client) => new(
        new KafkaOptions { BootstrapServers = broker.Bootstrap(listener), Partitions = 1, Client = client }, TimeProvider.System, log.CreateLogger<KafkaBus>());
}
