using System.Net;
using System.Text.Json;

namespace Corda.Tests.Api;

[Collection(HostedApiTests.Name)]
public sealed class TopologyTests(HostedApi api)
{
    private readonly CordaFixture corda = api.Corda;

    [Fact]
    public async Task The_worker_of_an_embedded_bus_tells_of_itself()
    {
        await corda.Run("Alice", "topology-1", "Test.Echo", new { value = "x" });

        JsonElement worker = Assert.Single((await Topology()).EnumerateArray());

        Assert.Equal(("0", "SELF", "RUNNING"), (worker.Text("workerId"), worker.Text("evidence"), worker.Text("phase")));
        Assert.Equal(["rpc", "flow", "db"], worker.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.NotEqual("unknown", worker.Text("version"));
        string[] slots = [.. worker.GetProperty("slots").EnumerateArray().Select(slot => slot.GetString()!)];
        Assert.True(slots.Length >= 2 && slots.Distinct().Count() == slots.Length, string.Join(", ", slots));
        JsonElement[] lanes = [.. worker.GetProperty("lanes").EnumerateArray().Where(lane => lane.Text("group") == "flow-worker")];
        Assert.Equal(2, lanes.Length);
        int[] owned = [.. lanes.SelectMany(lane => lane.GetProperty("partitions").GetProperty("flow.event").EnumerateArray().Select(p => p.GetInt32())).Order()];
        Assert.Equal(Enumerable.Range(0, 8), owned);
        Assert.Contains(lanes, lane => lane.GetProperty("lastCommitAgeSeconds") is { ValueKind: JsonValueKind.Number } age && age.GetDouble() < 60);
        Assert.Equal(JsonValueKind.Null, worker.GetProperty("standbyLag").ValueKind);
    }

    private async Task<JsonElement> Topology()
    {
        using HttpResponseMessage answer = await corda.Client.GetAsync(new Uri("/api/v1/cluster/topology", UriKind.Relative));
        return (await answer.Json(HttpStatusCode.OK)).GetProperty("workers");
    }
}

internal static class TopologyJson
{
    public static string? Text(this JsonElement element, string property) => element.GetProperty(property).GetString();
}
