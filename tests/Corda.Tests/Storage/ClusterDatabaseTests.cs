using Corda.Tests.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Storage;
using Dapper;

namespace Corda.Tests.Storage;

public sealed class ClusterDatabaseTests : IDisposable
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder folder = new();
    private readonly ClusterDatabase database;

    public ClusterDatabaseTests() => database = ClusterDatabase.InFile(folder["cluster.db"]);

    public void Dispose()
    {
        database.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void The_schema_is_brought_up_to_date_once()
    {
        database.Migrate(Epoch);
        database.Migrate(Epoch.AddDays(1));
        using var connection = database.Open();
        Assert.All(connection.Query<string>("SELECT applied_at FROM schema_step"), at => Assert.StartsWith("2030-01-01", at, StringComparison.Ordinal));
        Assert.Equal("wal", connection.ExecuteScalar<string>("PRAGMA journal_mode"));
        Assert.Equal(2, connection.ExecuteScalar<long>("PRAGMA synchronous"));
    }

    [Fact]
    public void A_database_of_a_newer_release_is_refused_and_left_as_it_is()
    {
        database.Migrate(Epoch);
        using var connection = database.Open();
        connection.Execute("INSERT INTO schema_step VALUES (9999, 'from the future', '2040')");
        string message = Assert.Throws<StorageException>(() => database.Migrate(Epoch)).Message;
        Assert.Contains("9999", message, StringComparison.Ordinal);
        Assert.Contains("newer release", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Virtual_nodes_survive_closing_the_database()
    {
        database.Migrate(Epoch);
        new VirtualNodeStore(database).ReplaceAll([Node("Alice", "h1", "h2"), Node("Bob", "h1", "h2")]);
        database.Dispose();

        using var again = ClusterDatabase.InFile(folder["cluster.db"]);
        IReadOnlyList<VirtualNodeInfo> nodes = new VirtualNodeStore(again).All();
        Assert.Equal([Encode(Node("Alice", "h1", "h2")), Encode(Node("Bob", "h1", "h2"))], nodes.Select(Encode));
    }

    [Fact]
    public void A_virtual_node_keeps_its_age_when_its_packages_change()
    {
        database.Migrate(Epoch);
        var store = new VirtualNodeStore(database);
        store.ReplaceAll([Node("Alice", "old")]);
        store.ReplaceAll([Node("Alice", "new") with { CreatedAt = Epoch.AddDays(9) }]);
        VirtualNodeInfo alice = Assert.Single(store.All());
        Assert.Equal(Epoch, alice.CreatedAt);
        Assert.Equal(["new"], alice.Cpi.PackageHashes);
    }

    [Fact]
    public void A_virtual_node_that_is_not_wanted_any_more_goes()
    {
        database.Migrate(Epoch);
        var store = new VirtualNodeStore(database);
        store.ReplaceAll([Node("Alice"), Node("Bob")]);
        store.ReplaceAll([Node("Bob")]);
        Assert.Equal("Bob", Assert.Single(store.All()).Identity.Name.Organization);
    }

    [Fact]
    public void Databases_in_memory_are_separate_and_last()
    {
        using ClusterDatabase one = ClusterDatabase.InMemory();
        using ClusterDatabase other = ClusterDatabase.InMemory();
        one.Migrate(Epoch);
        other.Migrate(Epoch);
        new VirtualNodeStore(one).ReplaceAll([Node("Alice")]);
        Assert.Single(new VirtualNodeStore(one).All());
        Assert.Empty(new VirtualNodeStore(other).All());
    }

    private static VirtualNodeInfo Node(string name, params string[] packages) =>
        new(new HoldingIdentity($"O={name}, L=London, C=GB", "test"), new CpiInfo("cpi", "1", packages), FlowStartActive: true, Epoch);

    private static string Encode(VirtualNodeInfo node) => Convert.ToHexString(Topics.VirtualNodeInfo.Codec.Encode(node));
}
