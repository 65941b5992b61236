using System.Diagnostics;
using System.Text.Json;
using Corda.IntegrationTests.Support;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Kafka;

/// <summary>
/// Real processes on a real broker: one serves the API, three run flows, and one of those dies or goes. Sessions, transactions and silence are given half a minute: what
/// is through before has waited for none of them.
/// </summary>
public sealed class FailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Clients = 6;
    private const int LanesOfAWorker = 2;
    private const string Topology = "/api/v1/cluster/topology";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Timeouts = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(250);

    private readonly string folder = Directory.CreateTempSubdirectory("corda-failover-").FullName;
    private readonly List<HostProcess> hosts = [];
    private readonly List<(TimeSpan Began, TimeSpan Ended, string Outcome)> flows = [];
    private readonly long start = Stopwatch.GetTimestamp();
    private Broker? broker;
    private string node = "";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        hosts.ForEach(static host => host.Dispose());
        broker?.Dispose();
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }

    [OwnBrokerTheory]
    [InlineData("Classic")]
    [InlineData("Consumer")]
    public async Task Flows_of_a_killed_worker_go_on_long_before_its_session_ends_and_those_of_a_stopped_one_too(string protocol)
    {
        await StartAllAsync(protocol);
        using var stop = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(client => StartFlowsAsync(client, stop.Token))];
        await Eventually.True(() => Task.FromResult(Ended(TimeSpan.Zero) > 60), () => $"only {Ended(TimeSpan.Zero)} flows ended\n{hosts[1].Output}", Patience);
        await AllAreOwnedBy(3);
        await TopologyTellsOfAll();

        TimeSpan killed = Now;
        hosts[3].Kill();
        await AllAreOwnedBy(2);
        await Eventually.True(() => Task.FromResult(Ended(killed) > 60), () => "flows go on after the kill", Patience);
        TimeSpan stopped = Now;
        await hosts[2].TerminateAsync();
        TimeSpan exit = Now - stopped;
        await AllAreOwnedBy(1);
        await Eventually.True(() => Task.FromResult(Ended(stopped) > 60), () => "flows go on after the stop", Patience);
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        (TimeSpan afterKill, TimeSpan afterStop) = (LongestWait(killed, stopped), LongestWait(stopped, Now));
        output.WriteLine($"{protocol}: longest wait of a flow: after SIGKILL {afterKill.TotalSeconds:0.00} s, after SIGTERM {afterStop.TotalSeconds:0.00} s (exit {exit.TotalSeconds:0.00} s)");
        Assert.DoesNotContain(flows, static flow => flow.Outcome != "COMPLETED");

        // The last heartbeat was at most one interval before the end: no timeout is over sooner than this.
        Assert.True(afterKill < Timeouts - Heartbeat && afterStop < Timeouts - Heartbeat, $"{afterKill}, {afterStop}\n{hosts[1].Output}");
        Assert.Contains("was evicted", string.Concat(hosts.Take(3).Select(static host => host.Output)), StringComparison.Ordinal);
        Assert.Equal(0, hosts[2].ExitCode);
    }

    private TimeSpan Now => Stopwatch.GetElapsedTime(start);

    private async Task StartAllAsync(string protocol)
    {
        // A broker that stands still for a while because the machine is busy is not what is tried here: it keeps its coordinators.
        broker = TestCluster.StartOwn(
            1,
            $"group.consumer.session.timeout.ms={Timeouts.TotalMilliseconds}",
            $"group.consumer.heartbeat.interval.ms={Heartbeat.TotalMilliseconds}",
            $"broker.session.timeout.ms={Timeouts.TotalMilliseconds}");
        foreach ((string name, string roles) in (ReadOnlySpan<(string, string)>)[("front", "rpc, db"), ("flow1", "flow"), ("flow2", "flow"), ("flow3", "flow")])
        {
            var host = new HostProcess(
                Path.Combine(folder, name), "--Corda:Bus:Type=Kafka", $"--Corda:Bus:Kafka:BootstrapServers={broker.Bootstrap}", $"--Corda:Bus:Kafka:GroupProtocol={protocol}",
                $"--Corda:Bus:Kafka:SessionTimeout={Timeouts}", $"--Corda:Bus:Kafka:HeartbeatInterval={Heartbeat}", $"--Corda:Bus:Kafka:TransactionTimeout={Timeouts}",
                $"--Corda:Cluster:SilenceTimeout={Timeouts}", $"--Corda:Roles={roles}", $"--Corda:Worker:Id={name}");
            hosts.Add(host);
            host.Start();
        }

        foreach (HostProcess host in hosts) await host.WaitReadyAsync();
        node = await hosts[0].AnyNodeAsync();
    }

    private async Task StartFlowsAsync(int client, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            TimeSpan began = Now;
            string outcome = await hosts[0].RunCountdownAsync(node, $"c{client}-{i}");
            lock (flows) flows.Add((began, Now, outcome));
            if (Now - began < Pace) await Task.Delay(Pace - (Now - began), CancellationToken.None);
        }
    }

    /// <summary>So many flow workers own all partitions of the events between them, as the API tells.</summary>
    private Task AllAreOwnedBy(int count)
    {
        string seen = "";
        return Eventually.True(
            async () =>
            {
                JsonElement topology = await hosts[0].GetAsync(Topology);
                seen = topology.GetRawText();
                int[][] owned =
                [
                    .. topology.GetProperty("workers").EnumerateArray().Select(static worker => worker.GetProperty("lanes").EnumerateArray()
                        .Where(static lane => lane.GetProperty("group").GetString() == "flow-worker" && lane.GetProperty("partitions").TryGetProperty("flow.event", out _))
                        .SelectMany(static lane => lane.GetProperty("partitions").GetProperty("flow.event").EnumerateArray().Select(static p => p.GetInt32())).ToArray())
                    .Where(static partitions => partitions.Length > 0),
                ];
                return owned.Length == count && owned.SelectMany(static p => p).Order().SequenceEqual(Enumerable.Range(0, 12));
            },
            () => $"not {count} workers with all partitions: {seen}",
            Patience);
    }

    /// <summary>The API tells who is there, under which slots each writes, how far its copies of the others' states are behind, and when it last committed.</summary>
    private Task TopologyTellsOfAll()
    {
        string seen = "";
        return Eventually.True(
            async () =>
            {
                JsonElement topology = await hosts[0].GetAsync(Topology);
                seen = topology.GetRawText();
                Dictionary<string, JsonElement> workers = topology.GetProperty("workers").EnumerateArray().ToDictionary(static w => w.GetProperty("workerId").GetString()!);
                return workers.Keys.Order().SequenceEqual(["flow1", "flow2", "flow3", "front"])
                    && workers["front"].GetProperty("standbyLag").ValueKind == JsonValueKind.Null
                    && workers.Where(static worker => worker.Key != "front").All(static worker => IsComplete(worker.Key, worker.Value));
            },
            () => $"something is not told: {seen}",
            Patience);
    }

    private static bool IsComplete(string id, JsonElement worker) =>
        worker.GetProperty("phase").GetString() == "RUNNING"
        && worker.GetProperty("roles").EnumerateArray().Single().GetString() == "flow"
        && worker.GetProperty("version").GetString() is { Length: > 0 }
        && worker.GetProperty("slots").EnumerateArray().Count(slot => slot.GetString()!.Contains(id, StringComparison.Ordinal)) >= LanesOfAWorker
        && worker.GetProperty("standbyLag").ValueKind == JsonValueKind.Number
        && worker.GetProperty("lanes").EnumerateArray().Any(static lane => lane.GetProperty("lastCommitAgeSeconds").ValueKind == JsonValueKind.Number);

    private int Ended(TimeSpan after)
    {
        lock (flows) return flows.Count(flow => flow.Ended > after);
    }

    private TimeSpan LongestWait(TimeSpan from, TimeSpan to)
    {
        lock (flows) return flows.Where(flow => flow.Ended > from && flow.Began < to).Max(flow => flow.Ended - (flow.Began > from ? flow.Began : from));
    }
}
