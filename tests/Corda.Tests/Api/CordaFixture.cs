using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Corda.Flows;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Corda.Tests.Api;

/// <summary>
/// All of Corda inside a test, with three virtual nodes: Alice, Bob and Charlie. Copy this class to test your own flows: give it the path of your package, start
/// flows over HTTP as your clients will, and look at what they answer.
/// </summary>
public sealed class CordaFixture : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private readonly WebApplicationFactory<Program> host;
    private Dictionary<string, string> shortHashes = [];

    private CordaFixture(Dictionary<string, string> settings, Action<IServiceCollection>? services)
    {
        host = new WebApplicationFactory<Program>().WithWebHostBuilder(builder =>
        {
            foreach ((string key, string value) in settings) builder.UseSetting(key, value);
            if (services is not null) builder.ConfigureServices(services);
        });
        Client = host.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });
    }

    /// <summary>Talks to the REST API.</summary>
    public HttpClient Client { get; }

    /// <summary>What Corda is made of.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>
    /// Starts Corda with everything in memory, and waits until it is ready. Every step begins from bytes, so that what cannot be saved shows at once.
    /// </summary>
    /// <param name="flowPackages">The paths of the flow packages, such as <c>typeof(MyFlow).Assembly.Location</c>.</param>
    /// <param name="settings">Further settings, such as <c>("Corda:Flow:SessionTimeout", "00:00:01")</c>.</param>
    public static Task<CordaFixture> Start(IReadOnlyList<string> flowPackages, params IEnumerable<(string Key, string Value)> settings) =>
        StartWith(flowPackages, services: null, [("Corda:Bus:Type", "InMemory"), ("Corda:Flow:AlwaysRestoreFromBytes", "true"), .. settings]);

    /// <summary>Starts Corda on a data folder: what a fixture before this one began goes on.</summary>
    public static Task<CordaFixture> StartOn(string dataFolder, IReadOnlyList<string> flowPackages) =>
        StartWith(flowPackages, services: null, [("Corda:DataFolder", dataFolder)]);

    /// <summary>Starts Corda with other services than its own.</summary>
    public static async Task<CordaFixture> StartWith(
        IReadOnlyList<string> flowPackages, Action<IServiceCollection>? services, params IEnumerable<(string Key, string Value)> settings)
    {
        Dictionary<string, string> all = settings.ToDictionary(setting => setting.Key, setting => setting.Value);
        for (int i = 0; i < flowPackages.Count; i++) all[$"Corda:Network:FlowPackages:{i}"] = flowPackages[i];
        var fixture = new CordaFixture(all, services);
        await fixture.WaitUntilReady();
        return fixture;
    }

    /// <summary>Where a virtual node's flows are; give it its organization, such as Alice.</summary>
    public string Flows(string node) => $"/api/v1/flow/{ShortHash(node)}";

    /// <summary>A virtual node's short hash.</summary>
    public string ShortHash(string node) => shortHashes[node];

    /// <summary>Asks to start a flow.</summary>
    /// <remarks><c>prefer</c> is the header Prefer, such as <c>wait=30</c>.</remarks>
    public async Task<HttpResponseMessage> Post(string node, string clientRequestId, string flow, object requestBody, string? prefer = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Flows(node), UriKind.Relative))
        {
            Content = JsonContent.Create(new { clientRequestId, flowClassName = flow, requestBody }),
        };
        if (prefer is not null) request.Headers.Add("Prefer", prefer);
        return await Client.SendAsync(request);
    }

    /// <summary>Runs a flow to its end and answers its result.</summary>
    public async Task<JsonElement> Run(string node, string clientRequestId, string flow, object requestBody)
    {
        using HttpResponseMessage answer = await Post(node, clientRequestId, flow, requestBody, "wait=30");
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{flow} did not end: {(int)answer.StatusCode} {text}");
        JsonElement result = await Client.GetFromJsonAsync<JsonElement>(new Uri($"{Flows(node)}/{clientRequestId}/result", UriKind.Relative));
        Assert.True(result.GetProperty("flowStatus").GetString() == "COMPLETED", text);
        return result.GetProperty("json");
    }

    /// <summary>Stops Corda as a deployment would.</summary>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await host.DisposeAsync();
    }

    private async Task WaitUntilReady()
    {
        using var limit = new CancellationTokenSource(ReadyLimit);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        string lacking = "";
        try
        {
            for (bool ready = false; !ready; await look.WaitForNextTickAsync(limit.Token))
            {
                using HttpResponseMessage health = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
                lacking = await health.Content.ReadAsStringAsync(limit.Token);
                ready = health.IsSuccessStatusCode;
            }
        }
        catch (OperationCanceledException cause)
        {
            throw new TimeoutException($"Corda was not ready after {ReadyLimit}: {lacking}", cause);
        }

        JsonElement nodes = await Client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/virtualnode", UriKind.Relative));
        shortHashes = nodes.GetProperty("virtualNodes").EnumerateArray().Select(node => node.GetProperty("holdingIdentity")).ToDictionary(
            identity => MemberX500Name.Parse(identity.GetProperty("x500Name").GetString()!).Organization,
            identity => identity.GetProperty("shortHash").GetString()!);
    }
}
