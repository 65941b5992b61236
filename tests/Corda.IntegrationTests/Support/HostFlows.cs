using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Corda.IntegrationTests.Support;

/// <summary>What a client asks of a host.</summary>
internal static class HostFlows
{
    /// <summary>The short hash of one of its virtual nodes, as soon as it has heard of them.</summary>
    public static async Task<string> AnyNodeAsync(this HostProcess host)
    {
        string? node = null;
        await Eventually.True(
            async () =>
            {
                JsonElement nodes = await host.GetAsync("/api/v1/virtualnode");
                JsonElement first = nodes.GetProperty("virtualNodes").EnumerateArray().FirstOrDefault();
                node = first.ValueKind == JsonValueKind.Undefined ? null : first.GetProperty("holdingIdentity").GetProperty("shortHash").GetString();
                return node is not null;
            },
            () => $"no virtual node\n{host.Output}");
        return node!;
    }

    /// <summary>What a flow of one step under an id ends in. Whoever is told to come again does, under the same id.</summary>
    public static async Task<string> RunCountdownAsync(this HostProcess host, string node, string id)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/v1/flow/{node}", UriKind.Relative))
            {
                Content = JsonContent.Create(new { clientRequestId = id, flowClassName = "Corda.Samples.Countdown", requestBody = new { steps = 1, delayMs = 1 } }),
            };
            request.Headers.Add("Prefer", "wait=30");
            using HttpResponseMessage answer = await host.Client.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) continue;
            string text = await answer.Content.ReadAsStringAsync();
            return answer.StatusCode == HttpStatusCode.OK ? JsonDocument.Parse(text).RootElement.GetProperty("flowStatus").GetString()! : $"{answer.StatusCode} {text}";
        }
    }

    /// <summary>The JSON of a path.</summary>
    public static Task<JsonElement> GetAsync(this HostProcess host, string path) => host.Client.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));
}
