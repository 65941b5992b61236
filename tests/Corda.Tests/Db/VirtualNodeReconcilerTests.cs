using System.Text;
using Corda.Workers;
using Corda.Workers.Contracts;
using Corda.Workers.Db;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Db;

public sealed class VirtualNodeReconcilerTests
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly VirtualNodeReconciler reconciler = new();

    [Fact]
    public void Only_what_has_changed_is_published_and_what_is_gone_gets_a_tombstone()
    {
        reconciler.OnSnapshot([Entry(Node("Same", "h1")), Entry(Node("Changed", "h1")), Entry(Node("Gone", "h1"))]);

        IReadOnlyList<Record> difference = reconciler.Difference([Node("Same", "h1"), Node("Changed", "h2"), Node("New", "h2")]);

        Assert.Equal(
            [(Hash("Changed"), true), (Hash("New"), true), (Hash("Gone"), false)],
            difference.Select(record => (Encoding.UTF8.GetString(record.Key), record.Value is not null)));
    }

    [Fact]
    public void What_was_published_is_no_difference_any_more()
    {
        reconciler.OnSnapshot([Entry(Node("Gone"))]);
        foreach (Record record in reconciler.Difference([Node("New")])) reconciler.OnNext(record.Key, (VirtualNodeInfo?)record.Value);
        Assert.Empty(reconciler.Difference([Node("New")]));
    }

    [Fact]
    public async Task The_topic_says_what_was_published_when_it_has_come_back_and_not_before()
    {
        reconciler.OnSnapshot([]);
        Task says = reconciler.Says([Node("One"), Node("Two")], CancellationToken.None);
        IReadOnlyList<Record> published = reconciler.Difference([Node("One"), Node("Two")]);
        reconciler.OnNext(published[0].Key, (VirtualNodeInfo?)published[0].Value);
        Assert.False(says.IsCompleted);

        reconciler.OnNext(published[1].Key, (VirtualNodeInfo?)published[1].Value);
        await says.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Nobody_compares_before_the_topic_was_read()
    {
        Assert.False(reconciler.SnapshotTaken.IsCompleted);
        reconciler.OnSnapshot([]);
        Assert.True(reconciler.SnapshotTaken.IsCompletedSuccessfully);
    }

    [Fact]
    public void The_static_network_has_the_configured_nodes_in_canonical_form()
    {
        var options = new NetworkOptions { GroupId = "g", VirtualNodes = ["C=GB, O=Alice, L=London"] };
        VirtualNodeInfo alice = Assert.Single(StaticNetwork.Of(options, [], Epoch));
        Assert.Equal(new HoldingIdentity("O=Alice, L=London, C=GB", "g"), alice.Identity);
    }

    private static KeyValuePair<byte[], VirtualNodeInfo> Entry(VirtualNodeInfo node) => new(Encoding.UTF8.GetBytes(node.Identity.ShortHash), node);

    private static VirtualNodeInfo Node(string name, params string[] packages) => new(Identity(name), new CpiInfo("cpi", "1", packages), FlowStartActive: true, Epoch);

    private static HoldingIdentity Identity(string name) => new($"O={name}, L=London, C=GB", "test");

    private static string Hash(string name) => Identity(name).ShortHash;
}
