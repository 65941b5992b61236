using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Faults.Rig;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Runs;

/// <summary>One cluster that the short tests share, each leaving it whole: a broker and three flow workers take longer to start than most faults to pass.</summary>
public class LivingCluster : IAsyncLifetime
{
    private FaultCluster? cluster;

    private protected virtual FaultClusterSettings Settings => new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (cluster is not null) await cluster.DisposeAsync();
    }

    /// <summary>The cluster, whole and ready.</summary>
    internal async Task<FaultCluster> WholeAsync(int seed)
    {
        if (cluster is null) cluster = await FaultCluster.StartAsync(Settings, seed);
        else await cluster.RenewAsync();
        return cluster;
    }
}

/// <summary>What every test of a run does.</summary>
public abstract class FaultTest(ITestOutputHelper output)
{
    private protected ITestOutputHelper Output => output;

    private protected int SeedOfRun { get; } = Seed.Of(output);

    private protected static int Joins(IEnumerable<FlowProcess> flows) => flows.Sum(flow => flow.Proxy!.Requests(ApiKey.JoinGroup));

    private protected FaultRun Run(FaultCluster cluster, string name) => new(cluster, name, SeedOfRun, output);
}
