using Corda.Workers;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Configuration;

namespace Corda.Tests.Configuration;

public sealed class CordaOptionsTests
{
    [Fact]
    public void Without_any_configuration_everything_has_a_default()
    {
        CordaOptions options = Read();
        Assert.Equal("./data", options.DataFolder);
        Assert.Equal(BusType.Embedded, options.Bus.Type);
        Assert.Equal(Enum.GetValues<WorkerRole>().ToHashSet(), CordaOptionsReader.Roles(options));
        Assert.Empty(options.Network.VirtualNodes);
    }

    [Fact]
    public void What_is_configured_is_read_whatever_its_case()
    {
        CordaOptions options = Read(
            ("corda:ROLES", "Flow, rpc"), ("Corda:Bus:Type", "inmemory"), ("Corda:Rpc:ConfirmTimeout", "00:00:03"), ("Corda:Network:VirtualNodes:0", "C=GB, L=London, O=Alice"));
        Assert.Equal([WorkerRole.Rpc, WorkerRole.Flow], CordaOptionsReader.Roles(options).Order());
        Assert.Equal(BusType.InMemory, options.Bus.Type);
        Assert.Equal(TimeSpan.FromSeconds(3), options.Rpc.ConfirmTimeout);
        Assert.Equal("C=GB, L=London, O=Alice", Assert.Single(options.Network.VirtualNodes));
    }

    [Theory]
    [InlineData("Corda:DataFoldr", "x", "Corda:DataFoldr is not a setting. Did you mean Corda:DataFolder?")]
    [InlineData("Corda:Network:VirtualNode:0", "x", "Did you mean Corda:Network:VirtualNodes?")]
    [InlineData("Corda:Rpc:ConfirmTimout", "00:00:01", "Did you mean Corda:Rpc:ConfirmTimeout?")]
    [InlineData("Corda:Bus:Type", "Rabbit", "Corda:Bus:Type is 'Rabbit', but must be one of Embedded, Kafka, InMemory")]
    [InlineData("Corda:Bus:Type", "1", "must be one of Embedded, Kafka, InMemory")]
    [InlineData("Corda:Rpc:ConfirmTimeout", "soon", "must be a time span such as")]
    [InlineData("Corda:Rpc:ConfirmTimeout", "-00:00:01", "must be more than nothing")]
    [InlineData("Corda:Flow:SessionTimeout", "00:00:00", "must be more than nothing")]
    [InlineData("Corda:Bus:Embedded:PartitionCount", "0", "must be more than nothing")]
    [InlineData("Corda:Bus:Embedded:PartitionCount", "9999", "must be at most 1024")]
    [InlineData("Corda:Rpc:RequestBytesMax", "many", "must be a whole number")]
    [InlineData("Corda:Rpc:RequestBytesMax", "99999999999", "must be a whole number")]
    [InlineData("Corda:Roles", "rpc, worker", "'worker', which is no role. Roles are Rpc, Flow, Db")]
    [InlineData("Corda:Roles", "1", "is no role")]
    [InlineData("Corda:Roles", " ", "names no role")]
    [InlineData("Corda:Bus", "Embedded", "is a group of settings")]
    [InlineData("Corda:DataFolder:Path", "x", "is one value, not a group")]
    [InlineData("Corda:Network:VirtualNodes", "O=Alice, L=London, C=GB", "is a list")]
    [InlineData("Corda:Network:VirtualNodes:0", "Alice", "Corda:Network:VirtualNodes:0: ")]
    [InlineData("Corda:DataFolder", "", "Corda:DataFolder is empty")]
    public void What_is_not_understood_is_refused_and_says_what_would_be_right(string key, string value, string message) =>
        Assert.Contains(message, Assert.Throws<CordaOptionsException>(() => Read((key, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        string message = Assert.Throws<CordaOptionsException>(() => Read(("Corda:Rols", "rpc"), ("Corda:Bus:Typ", "x"))).Message;
        Assert.Contains("Corda:Roles?", message, StringComparison.Ordinal);
        Assert.Contains("Corda:Bus:Type?", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_virtual_node_that_stands_there_twice_is_refused()
    {
        string message = Assert.Throws<CordaOptionsException>(
            () => Read(("Corda:Network:VirtualNodes:0", "O=A, L=B, C=GB"), ("Corda:Network:VirtualNodes:1", "C=GB,L=B,O=A"))).Message;
        Assert.Contains("VirtualNodes:1: O=A, L=B, C=GB stands there twice", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_development_is_delivered_with_a_network()
    {
        CordaOptions production = ReadFiles("appsettings.json");
        CordaOptions development = ReadFiles("appsettings.json", "appsettings.Development.json");
        Assert.Empty(production.Network.VirtualNodes);
        Assert.Empty(production.Network.FlowPackages);
        Assert.Equal(3, development.Network.VirtualNodes.Count);
        Assert.Single(development.Network.FlowPackages);
    }

    [Fact]
    public void Settings_of_the_Kafka_client_are_read_by_their_names_with_dots_and_from_the_environment_with_underscores()
    {
        const string Prefix = "CORDA_OPTIONS_TEST_";
        const string Variable = $"{Prefix}Corda__Bus__Kafka__Client__sasl_password";
        Environment.SetEnvironmentVariable(Variable, "se,cr=et");
        try
        {
            CordaOptions options = CordaOptionsReader.Read(new ConfigurationBuilder()
                .AddInMemoryCollection([new("Corda:Bus:Type", "Kafka"), new("Corda:Bus:Kafka:BootstrapServers", "broker:9092"), new("Corda:Bus:Kafka:Client:sasl.username", "corda")])
                .AddEnvironmentVariables(Prefix).Build());

            Dictionary<string, string> client = KafkaSettings.Admin(options.Bus.Kafka);
            Assert.Equal(("corda", "se,cr=et"), (client["sasl.username"], client["sasl.password"]));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    private static CordaOptions ReadFiles(params string[] names)
    {
        var builder = new ConfigurationBuilder();
        foreach (string name in names) builder.AddJsonFile(Path.Combine(AppContext.BaseDirectory, name), optional: false);
        return CordaOptionsReader.Read(builder.Build());
    }

    private static CordaOptions Read(params (string Key, string Value)[] settings) =>
        CordaOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build());
}
