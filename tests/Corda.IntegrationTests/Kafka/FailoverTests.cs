using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Corda.IntegrationTests.Support;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Kafka;

/// <summary>
/// Real processes on a real broker: one serves the API, three run flows, and one of those dies or goes. Sessions last 10 s: flows that wait less have not waited for them.
/// </summary>
public sealed class FailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Clients = 6;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

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

    [KafkaFact]
    public async Task Flows_of_a_killed_worker_go_on_long_before_its_session_ends_and_those_of_a_stopped_one_too()
    {
        await StartAllAsync();
        using var stop = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(client => StartFlowsAsync(client, stop.Token))];
        await Eventually.True(() => Task.FromResult(Ended(TimeSpan.Zero) > 300), () => $"only {Ended(TimeSpan.Zero)} flows ended");
        await AllAreOwnedBy(3);

        TimeSpan killed = Now;
        hosts[3].Kill();
        await AllAreOwnedBy(2);
        await Eventually.True(() => Task.FromResult(Ended(killed) > 100), () => "flows go on after the kill");
        TimeSpan stopped = Now;
        await hosts[2].TerminateAsync();
        TimeSpan exit = Now - stopped;
        await AllAreOwnedBy(1);
        await Eventually.True(() => Task.FromResult(Ended(stopped) > 100), () => "flows go on after the stop");
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        (TimeSpan afterKill, TimeSpan afterStop) = (LongestWait(killed, stopped), LongestWait(stopped, Now));
        output.WriteLine($"longest wait of a flow: after SIGKILL {afterKill.TotalSeconds:0.00} s, after SIGTERM {afterStop.TotalSeconds:0.00} s (exit {exit.TotalSeconds:0.00} s)");
        Assert.DoesNotContain(flows, static flow => flow.Outcome != "COMPLETED");
        Assert.True(afterKill < Soon && afterStop < Soon, $"{afterKill}, {afterStop}\n{hosts[1].Output}");
        Assert.Contains("was evicted", string.Concat(hosts.Take(3).Select(static host => host.Output)), StringComparison.Ordinal);
        Assert.Equal(0, hosts[2].ExitCode);
    }

    private TimeSpan Now => Stopwatch.GetElapsedTime(start);

    private async Task StartAllAsync()
    {
        broker = TestCluster.StartOwn();
        foreach ((string name, string roles) in (ReadOnlySpan<(string, string)>)[("front", "rpc, db"), ("flow1", "flow"), ("flow2", "flow"), ("flow3", "flow")])
        {
            var host = new HostProcess(
                Path.Combine(folder, name), "--Corda:Bus:Type=Kafka", $"--Corda:Bus:Kafka:BootstrapServers={broker.Bootstrap}", $"--Corda:Roles={roles}", $"--Corda:Worker:Id={name}");
            hosts.Add(host);
            host.Start();
        }

        foreach (HostProcess host in hosts) await host.WaitReadyAsync();
        await Eventually.True(
            async () =>
            {
                JsonElement nodes = await hosts[0].Client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/virtualnode", UriKind.Relative));
                JsonElement first = nodes.GetProperty("virtualNodes").EnumerateArray().FirstOrDefault();
                node = first.ValueKind == JsonValueKind.Undefined ? "" : first.GetProperty("holdingIdentity").GetProperty("shortHash").GetString()!;
                return node.Length > 0;
            },
            () => "no virtual node");
    }

    private async Task StartFlowsAsync(int client, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            TimeSpan began = Now;
            string outcome = await StartFlowAsync($"c{client}-{i}");
            lock (flows) flows.Add((began, Now, outcome));
            if (Now - began < Pace) await Task.Delay(Pace - (Now - began), CancellationToken.None);
        }
    }

    /// <summary>What a start under an id ends in. Whoever is told to come again does, under the same id.</summary>
    private async Task<string> StartFlowAsync(string id)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/v1/flow/{node}", UriKind.Relative))
            {
                Content = JsonContent.Create(new { clientRequestId = id, flowClassName = "Corda.Samples.Countdown", requestBody = new { steps = 1, delayMs = 1 } }),
            };
            request.Headers.Add("Prefer", "wait=30");
            using HttpResponseMessage answer = await hosts[0].Client.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) continue;
            string text = await answer.Content.ReadAsStringAsync();
            return answer.StatusCode == HttpStatusCode.OK ? JsonDocument.Parse(text).RootElement.GetProperty("flowStatus").GetString()! : $"{answer.StatusCode} {text}";
        }
    }

    /// <summary>So many flow workers own all partitions of the events between them, as the API tells.</summary>
    private Task AllAreOwnedBy(int count)
    {
        string seen = "";
        return Eventually.True(
            async () =>
            {
                JsonElement topology = await hosts[0].Client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/cluster/topology", UriKind.Relative));
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
            () => $"not {count} workers with all partitions: {seen}");
    }

    private int Ended(TimeSpan after)
    {
        lock (flows) return flows.Count(flow => flow.Ended > after);
    }

    private TimeSpan LongestWait(TimeSpan from, TimeSpan to)
    {
        lock (flows) return flows.Where(flow => flow.Ended > from && flow.Began < to).Max(flow => flow.Ended - (flow.Began > from ? flow.Began : from));
    }
}
