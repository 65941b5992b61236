using System.Net.Http.Json;
using System.Text.Json;
using Corda.Host;
using Corda.Host.Api;
using Corda.Workers;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Corda.Benchmarks;

/// <summary>
/// Flows from their start to their end on the embedded bus (SQLite, synchronous=FULL), over REST and without, beside the raw limit: bare SQLite
/// inserts of the same bytes in as many commits one after the other, shared by as many clients.
/// </summary>
internal static class FlowBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);
    private static readonly int[] Clients = [1, 16, 64];

    private static readonly (string Name, string Flow, string Body)[] Scenarios =
    [
        ("no suspension", "Countdown", """{"steps":0,"delayMs":0}"""),
        ("10 suspensions", "Countdown", """{"steps":10,"delayMs":0}"""),
        ("ping-pong, 20 rounds", "PingPong", """{"counterparty":"BOB","rounds":20}"""),
    ];

    public static async Task RunAsync(string folder)
    {
        Console.WriteLine("| flow | clients | way | flows/s | p50 ms | p99 ms | commits/flow | records/flow | bytes/flow | raw limit flows/s | of the limit |");
        Console.WriteLine("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        await using Node node = await Node.StartAsync(Path.Combine(folder, "data"));
        foreach ((string name, string flow, string template) in Scenarios)
        {
            string body = template.Replace("BOB", node.Bob, StringComparison.Ordinal);
            await Load.RunAsync(16, TimeSpan.FromSeconds(3), n => node.Direct($"warm-{flow}-{name.Length}-{n}", flow, body));
            double serialCommits = 0;
            foreach (int clients in Clients)
            {
                var before = node.Bus.Counted;
                long done = 0;
                LoadResult direct = await Load.RunAsync(clients, Duration, async n =>
                {
                    await node.Direct($"d-{flow}-{name.Length}-{clients}-{n}", flow, body);
                    Interlocked.Increment(ref done);
                });
                var after = node.Bus.Counted;
                double records = (double)(after.Records - before.Records) / done;
                double bytes = (double)(after.Bytes - before.Bytes) / done;
                double commits = (double)(after.Commits - before.Commits) / done;
                if (clients == 1) serialCommits = commits;
                double limit = RawGroupCommit.UnitsPerSecond(folder, records, (int)(bytes / records), clients, serialCommits, TimeSpan.FromSeconds(3));
                Print(name, clients, "direct", direct, commits, records, bytes, limit);

                LoadResult rest = await Load.RunAsync(clients, Duration, n => node.Rest($"r-{flow}-{name.Length}-{clients}-{n}", flow, body));
                Print(name, clients, "REST", rest, commits, records, bytes, limit);
            }
        }
    }

    private static void Print(string name, int clients, string way, LoadResult load, double commits, double records, double bytes, double limit) =>
        Console.WriteLine($"| {name} | {clients} | {way} | {load.PerSecond:F0} | {load.P50Ms:F2} | {load.P99Ms:F2} | {commits:F2} | {records:F1} | {bytes:F0} "
            + $"| {limit:F0} | {load.PerSecond / limit:P0} |");

    /// <summary>The whole host in this process, on a loopback port.</summary>
    private sealed class Node(WebApplication app, HttpClient client, CountingBus bus, string alice, string bob) : IAsyncDisposable
    {
        private readonly FlowStarter starter = app.Services.GetRequiredService<FlowStarter>();
        private readonly FlowStatusView statuses = app.Services.GetRequiredService<FlowStatusView>();

        public CountingBus Bus => bus;

        public string Bob => bob;

        public static async Task<Node> StartAsync(string dataFolder)
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions
            {
                Args =
                [
                    $"--Corda:DataFolder={dataFolder}",
                    $"--Corda:Network:FlowPackages:0={typeof(Samples.PingPong).Assembly.Location}",
                    "--Corda:Network:GroupId=benchmark",
                    "--Corda:Network:VirtualNodes:0=O=Alice, L=London, C=GB",
                    "--Corda:Network:VirtualNodes:1=O=Bob, L=Rome, C=IT",
                ],
                ContentRootPath = AppContext.BaseDirectory,
                EnvironmentName = "Production",
            });
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            CordaOptions options = CordaOptionsReader.Read(builder.Configuration);
            builder.Services.AddCordaWorkers(options);
            builder.AddCordaApi(options);
            CountingBus? counting = null;
            ServiceDescriptor real = builder.Services.Single(service => service.ServiceType == typeof(IMessageBus));
            builder.Services.Remove(real);
            builder.Services.AddSingleton<IMessageBus>(services => counting = new CountingBus((IMessageBus)real.ImplementationFactory!(services)));

            WebApplication app = builder.Build();
            app.UseProblems(options.Rpc);
            app.MapHealth();
            app.MapCordaApi();
            await app.StartAsync();
            string url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            var client = new HttpClient { BaseAddress = new Uri(url) };
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!(await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode) await pace.WaitForNextTickAsync();

            JsonElement nodes = await client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/virtualnode", UriKind.Relative));
            JsonElement Find(string name) => nodes.GetProperty("virtualNodes").EnumerateArray().Select(n => n.GetProperty("holdingIdentity"))
                .Single(n => n.GetProperty("x500Name").GetString()!.Contains($"O={name}", StringComparison.Ordinal));
            return new Node(app, client, counting!, Find("Alice").GetProperty("shortHash").GetString()!, Find("Bob").GetProperty("x500Name").GetString()!);
        }

        /// <summary>Starts a flow without REST and waits for its end.</summary>
        public async Task Direct(string id, string flow, string body)
        {
            using JsonDocument json = JsonDocument.Parse(body);
            StartOutcome outcome = await starter.Start(new StartRequest(alice, id, flow, json.RootElement), CancellationToken.None);
            FlowStatus status = outcome is StartOutcome.Accepted accepted ? accepted.Status : throw new InvalidOperationException($"{id}: {outcome}");
            FlowStatus? ended = await statuses.WaitFor(status.FlowId, s => s.State > FlowState.Retrying, TimeSpan.FromSeconds(30), CancellationToken.None);
            if (ended?.State != FlowState.Completed) throw new InvalidOperationException($"{id}: {ended}");
        }

        /// <summary>Starts a flow over REST and waits for its end in the same request.</summary>
        public async Task Rest(string id, string flow, string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/v1/flow/{alice}", UriKind.Relative))
            {
                Content = new StringContent($$"""{"clientRequestId":"{{id}}","flowClassName":"{{flow}}","requestBody":{{body}}}""", null, "application/json"),
            };
            request.Headers.Add("Prefer", "wait=30");
            using HttpResponseMessage answer = await client.SendAsync(request);
            if ((int)answer.StatusCode != 200) throw new InvalidOperationException($"{id}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }
}
