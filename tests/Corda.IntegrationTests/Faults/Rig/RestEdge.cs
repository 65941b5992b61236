using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Support;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>The REST API of a process that may be dead.</summary>
internal sealed class RestEdge(HostProcess host, string shortHash) : IClusterEdge
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public string ShortHash => shortHash;

    public static async Task<RestEdge> OfAsync(HostProcess host)
    {
        JsonNode nodes = (await host.Client.GetFromJsonAsync<JsonNode>(new Uri("/api/v1/virtualnode", UriKind.Relative)))!;
        JsonNode alice = nodes["virtualNodes"]!.AsArray().Single(node => ((string)node!["holdingIdentity"]!["x500Name"]!).Contains("O=Alice", StringComparison.Ordinal))!;
        return new RestEdge(host, (string)alice["holdingIdentity"]!["shortHash"]!);
    }

    public async Task<(Answer Answer, string Detail, JsonNode? Status)> StartAsync(string id, FlowWork work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/v1/flow/{shortHash}", UriKind.Relative));
            request.Headers.Add("Prefer", "wait=2");
            request.Content = JsonContent.Create(new { clientRequestId = id, flowClassName = work.FlowClass, requestBody = work.Body });
            using HttpResponseMessage answer = await host.Client.SendAsync(request, limit.Token);
            string text = await answer.Content.ReadAsStringAsync(limit.Token);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK or HttpStatusCode.Accepted => (Answer.Ok, "", JsonNode.Parse(text)),
                >= HttpStatusCode.InternalServerError => (Answer.Unknown, $"{(int)answer.StatusCode} {text}", null),
                _ => (Answer.Refused, $"{(int)answer.StatusCode} {text}", null),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (Answer.Unknown, Attempt.NoAnswer, null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return (Answer.Unknown, e.Message, null);
        }
    }
}
