using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corda.IntegrationTests.Support;
using Xunit.Abstractions;

namespace Corda.IntegrationTests;

/// <summary>The real process, a client that keeps its own history, and SIGKILL at random moments.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int FlowCount = 200;
    private static readonly TimeSpan KillingTime = TimeSpan.FromSeconds(60);
    private static readonly string[] Terminal = ["COMPLETED", "FAILED", "KILLED"];
    private readonly string dataFolder = Directory.CreateTempSubdirectory("corda-kill-").FullName;

    [Fact]
    public async Task Every_acknowledged_start_ends_exactly_once_however_often_the_process_is_killed()
    {
        int seed = Environment.GetEnvironmentVariable("CORDA_TEST_SEED") is { Length: > 0 } given ? int.Parse(given) : Environment.TickCount;
        output.WriteLine($"seed {seed} (set CORDA_TEST_SEED to repeat)");
        var random = new Random(seed);
        using var host = new HostProcess(dataFolder);
        await host.StartReadyAsync();
        Network network = await Network.OfAsync(host.Client);

        var history = new History();
        using var stop = new CancellationTokenSource();
        Task client = StartFlowsAsync(host, network, history, stop.Token);
        Task watcher = WatchAsync(host, network, history, stop.Token);
        int kills = await KillAndRestartAsync(host, random);
        await client;
        await Eventually.True(
            async () => await AllEndedAsync(host, network, history),
            () => $"flows not ended: {string.Join(", ", history.NotEnded().Take(5))}; the host said:\n{host.Output[^Math.Min(3000, host.Output.Length)..]}",
            TimeSpan.FromSeconds(120));
        await stop.CancelAsync();
        await watcher;

        output.WriteLine($"{kills} kills, {history.Acknowledged.Count} acknowledged starts, {history.Observations} observations");
        Assert.True(kills >= 5, $"only {kills} kills in {KillingTime}");
        Assert.Equal(FlowCount, history.Acknowledged.Count);
        Assert.Empty(history.Violations);
        foreach ((string id, Start start) in history.Acknowledged) Assert.Equal((id, start.Expected), (id, history.Ended[id]));
    }

    public void Dispose() => Directory.Delete(dataFolder, recursive: true);

    private static async Task<int> KillAndRestartAsync(HostProcess host, Random random)
    {
        long begin = Stopwatch.GetTimestamp();
        int kills = 0;
        while (Stopwatch.GetElapsedTime(begin) < KillingTime)
        {
            // Also while the host is still starting: a kill in the middle of recovery is the most telling one.
            await Task.Delay(random.Next(200, 6000));
            host.Kill();
            kills++;
            host.Start();
        }

        await host.WaitReadyAsync();
        return kills;
    }

    private static async Task StartFlowsAsync(HostProcess host, Network network, History history, CancellationToken cancellationToken)
    {
        var pace = new PeriodicTimer(KillingTime / FlowCount);
        for (int i = 0; i < FlowCount; i++)
        {
            Start start = network.FlowNumber(i);
            await history.AcknowledgeAsync(start, () => host.Client.PostAsJsonAsync($"/api/v1/flow/{network.Alice}", start.Body, cancellationToken));
            await pace.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static async Task WatchAsync(HostProcess host, Network network, History history, CancellationToken cancellationToken)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (!cancellationToken.IsCancellationRequested)
        {
            await AllEndedAsync(host, network, history);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> AllEndedAsync(HostProcess host, Network network, History history)
    {
        try
        {
            foreach (string id in history.Acknowledged.Keys)
            {
                using HttpResponseMessage answer = await host.Client.GetAsync(new Uri($"/api/v1/flow/{network.Alice}/{id}", UriKind.Relative));
                if (answer.StatusCode == HttpStatusCode.NotFound) history.Violations.Add($"{id} was acknowledged and is not known any more");
                else if (answer.IsSuccessStatusCode) history.Observe(id, (await answer.Content.ReadFromJsonAsync<JsonNode>())!);
            }

            return history.Acknowledged.Count == FlowCount && history.NotEnded().Count == 0;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException or JsonException)
        {
            return false; // the host is dead or starting
        }
    }

    /// <summary>What the client asks, and what the flow must answer.</summary>
    private sealed record Start(string Id, object Body, string Expected);

    /// <summary>The short hashes of the sample network and the flows that the test starts on it.</summary>
    private sealed record Network(string Alice, string BobName, string CharlieName)
    {
        public static async Task<Network> OfAsync(HttpClient client)
        {
            JsonArray nodes = (await client.GetFromJsonAsync<JsonNode>(new Uri("/api/v1/virtualnode", UriKind.Relative)))!["virtualNodes"]!.AsArray();
            JsonNode Find(string organization) => nodes.Single(n => ((string)n!["holdingIdentity"]!["x500Name"]!).Contains($"O={organization}"))!["holdingIdentity"]!;
            return new Network((string)Find("Alice")["shortHash"]!, (string)Find("Bob")["x500Name"]!, (string)Find("Charlie")["x500Name"]!);
        }

        public Start FlowNumber(int i) => (i % 3) switch
        {
            0 => Make(i, "PingPong", new { counterparty = BobName, rounds = 20 }, "rounds", 20),
            1 => Make(i, "Countdown", new { steps = 10 + (i % 20), delayMs = 200 }, "steps", 10 + (i % 20)),
            _ => Make(i, "PingPong", new { counterparty = CharlieName, rounds = 1 + (i % 7) }, "rounds", 1 + (i % 7)),
        };

        private static Start Make(int i, string flow, object body, string field, int expected) =>
            new($"kill-{i}", new { clientRequestId = $"kill-{i}", flowClassName = flow, requestBody = body }, $"{field}={expected}");
    }

    private sealed class History
    {
        public ConcurrentDictionary<string, Start> Acknowledged { get; } = new();

        public ConcurrentDictionary<string, string> Ended { get; } = new();

        public ConcurrentBag<string> Violations { get; } = [];

        public int Observations { get; private set; }

        public List<string> NotEnded() => [.. Acknowledged.Keys.Where(id => !Ended.ContainsKey(id))];

        /// <summary>Repeats the start, as any client would, until it is acknowledged.</summary>
        public async Task AcknowledgeAsync(Start start, Func<Task<HttpResponseMessage>> post)
        {
            string last = "";
            await Eventually.True(
                async () =>
                {
                    try
                    {
                        using HttpResponseMessage answer = await post();
                        last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                        if ((int)answer.StatusCode is >= 400 and < 500) Violations.Add($"{start.Id}: {last}");
                        return answer.StatusCode == HttpStatusCode.Accepted;
                    }
                    catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
                    {
                        last = e.Message;
                        return false;
                    }
                },
                () => $"{start.Id} was never acknowledged: {last}");
            Acknowledged[start.Id] = start;
        }

        /// <summary>A terminal status never changes, and nothing but COMPLETED with the right result is expected.</summary>
        public void Observe(string id, JsonNode status)
        {
            Observations++;
            string state = (string)status["flowStatus"]!;
            if (!Terminal.Contains(state))
            {
                if (Ended.TryGetValue(id, out string? before)) Violations.Add($"{id} went from ended ({before}) to {state}");
                return;
            }

            string expected = Acknowledged[id].Expected;
            string field = expected.Split('=')[0];
            string seen = state == "COMPLETED" ? $"{field}={JsonNode.Parse((string)status["flowResult"]!)![field]}" : status.ToJsonString();
            if (Ended.GetOrAdd(id, seen) != seen) Violations.Add($"{id} ended as {Ended[id]} and then as {seen}");
        }
    }
}
