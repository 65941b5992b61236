using System.Net.Http.Json;
using System.Text.Json;
using Corda.IntegrationTests.Support;

namespace Corda.Benchmarks.Kafka;

/// <summary>Real processes on one broker: one with the roles rpc and db, and as many flow workers as wanted, each with a data folder of its own.</summary>
internal sealed class WorkerCluster : IAsyncDisposable
{
    private const int NodesOfTheSample = 3;
    private readonly string folder;
    private readonly string[] common;
    private readonly HostProcess front;
    private readonly Dictionary<string, HostProcess> workers = [];
    private int started;

    private WorkerCluster(string folder, string bootstrap, int partitions, IEnumerable<string> more)
    {
        this.folder = folder;
        common =
        [
            "--Corda:Bus:Type=Kafka",
            $"--Corda:Bus:Kafka:BootstrapServers={bootstrap}",
            $"--Corda:Bus:Kafka:Partitions={partitions}",
            "--Logging:LogLevel:Default=Warning",
            .. more,
            .. (Environment.GetEnvironmentVariable("CORDA_BENCH_SETTINGS") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ];
        front = new HostProcess(Path.Combine(folder, "front"), ["--Corda:Roles=rpc,db", .. common]);
    }

    /// <summary>REST of this cluster.</summary>
    public HttpClient Client => front.Client;

    /// <summary>The flow workers by worker id.</summary>
    public IReadOnlyDictionary<string, HostProcess> Workers => workers;

    public string Alice { get; private set; } = "";

    public string Bob { get; private set; } = "";

    public static async Task<WorkerCluster> StartAsync(string folder, string bootstrap, int partitions, int flowWorkers, params string[] more)
    {
        var cluster = new WorkerCluster(folder, bootstrap, partitions, more);
        await cluster.front.StartReadyAsync();
        for (int i = 0; i < flowWorkers; i++) await cluster.AddAsync();
        await cluster.ResolveNodesAsync();
        return cluster;
    }

    /// <summary>The id of the next flow worker.</summary>
    public string NextId => $"flow-{started + 1}";

    /// <summary>One more flow worker; its id.</summary>
    /// <param name="more">Settings of its own, over those of all.</param>
    public async Task<string> AddAsync(params string[] more)
    {
        string id = NextId;
        started++;
        var worker = new HostProcess(Path.Combine(folder, id), ["--Corda:Roles=flow", $"--Corda:Worker:Id={id}", .. common, .. more]);
        workers.Add(id, worker);
        await worker.StartReadyAsync();
        return id;
    }

    /// <summary>The worker is no part of the cluster any more; whoever removes it has ended its process.</summary>
    public void Remove(string id)
    {
        workers.Remove(id, out HostProcess? worker);
        worker!.Dispose();
    }

    /// <summary>The partitions of <paramref name="topic"/> that each flow worker owns now.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlySet<int>>> PartitionsOfAsync(string topic)
    {
        JsonElement topology = await Client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/cluster/topology", UriKind.Relative));
        return topology.GetProperty("workers").EnumerateArray().ToDictionary(
            static worker => worker.GetProperty("workerId").GetString()!,
            worker => (IReadOnlySet<int>)worker.GetProperty("lanes").EnumerateArray()
                .Where(lane => lane.GetProperty("partitions").TryGetProperty(topic, out _))
                .SelectMany(lane => lane.GetProperty("partitions").GetProperty(topic).EnumerateArray().Select(static p => p.GetInt32())).ToHashSet());
    }

    /// <summary>Starts a flow; with <paramref name="waitSeconds"/> waits for its end and checks that it completed.</summary>
    public async Task StartFlowAsync(string id, string flow, string body, int waitSeconds = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/v1/flow/{Alice}", UriKind.Relative))
        {
            Content = new StringContent($$"""{"clientRequestId":"{{id}}","flowClassName":"{{flow}}","requestBody":{{body}}}""", null, "application/json"),
        };
        if (waitSeconds > 0) request.Headers.Add("Prefer", $"wait={waitSeconds}");
        using HttpResponseMessage answer = await Client.SendAsync(request);
        if ((int)answer.StatusCode != (waitSeconds > 0 ? 200 : 202))
        {
            throw new InvalidOperationException($"{id}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (HostProcess worker in workers.Values) worker.Dispose();
        front.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ResolveNodesAsync()
    {
        // Ready is said by the role that publishes them; the one that answers here reads them a moment later.
        JsonElement nodes = default;
        await Eventually.True(
            async () => (nodes = await NodesAsync()).GetProperty("virtualNodes").GetArrayLength() == NodesOfTheSample,
            () => $"the virtual nodes of the sample are not there: {nodes}");
        JsonElement Find(string name) => nodes.GetProperty("virtualNodes").EnumerateArray().Select(static node => node.GetProperty("holdingIdentity"))
            .Single(node => node.GetProperty("x500Name").GetString()!.Contains($"O={name}", StringComparison.Ordinal));
        Alice = Find("Alice").GetProperty("shortHash").GetString()!;
        Bob = Find("Bob").GetProperty("x500Name").GetString()!;
    }

    private Task<JsonElement> NodesAsync() => Client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/virtualnode", UriKind.Relative));
}
