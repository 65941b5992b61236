using System.Net;
using System.Text.Json;

namespace Corda.Tests.Api;

[Collection(HostedApiTests.Name)]
public sealed class FlowApiTests(HostedApi api)
{
    private readonly CordaFixture corda = api.Corda;

    [Fact]
    public async Task A_failed_flow_tells_its_error_as_status_and_as_result()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "fail-1", "Test.Fail", new { value = "no ink" }, "wait=30");
        JsonElement status = await answer.Json(HttpStatusCode.OK);
        Assert.Equal("FAILED", status.State());
        Assert.Contains("InvalidOperationException", status.GetProperty("flowError").GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Equal("no ink", status.GetProperty("flowError").GetProperty("message").GetString());

        using HttpResponseMessage result = await Get($"{corda.Flows("Alice")}/fail-1/result");
        JsonElement failed = await result.Json(HttpStatusCode.OK);
        Assert.Equal(JsonValueKind.Null, failed.GetProperty("json").ValueKind);
        Assert.Equal("no ink", failed.GetProperty("flowError").GetProperty("message").GetString());
    }

    [Fact]
    public async Task The_result_is_not_there_before_the_end()
    {
        using HttpResponseMessage start = await corda.Post("Alice", "result-1", "Test.Wait", new { milliseconds = 3_600_000 });
        using HttpResponseMessage result = await Get($"{corda.Flows("Alice")}/result-1/result");
        Assert.Equal(JsonValueKind.Null, (await result.Json(HttpStatusCode.Accepted)).GetProperty("json").ValueKind);
    }

    [Fact]
    public async Task A_killed_flow_is_killed_for_good()
    {
        using HttpResponseMessage start = await corda.Post("Alice", "kill-1", "Test.Wait", new { milliseconds = 3_600_000 });
        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage killed = await Kill("kill-1");
            Assert.Equal("KILLED", (await killed.Json(HttpStatusCode.OK)).State());
        }

        using HttpResponseMessage result = await Get($"{corda.Flows("Alice")}/kill-1/result");
        Assert.Equal("KILLED", (await result.Json(HttpStatusCode.OK)).State());
    }

    [Fact]
    public async Task A_flow_that_has_ended_otherwise_cannot_be_killed()
    {
        await corda.Run("Alice", "kill-2", "Test.Echo", new { value = "a" });
        using HttpResponseMessage answer = await Kill("kill-2");
        JsonElement problem = await answer.Problem(HttpStatusCode.Conflict, "flow-has-ended");
        Assert.Equal("COMPLETED", problem.GetProperty("flowStatus").GetString());
    }

    [Fact]
    public async Task A_flow_nobody_knows_is_not_found()
    {
        using HttpResponseMessage status = await Get($"{corda.Flows("Alice")}/nobody");
        using HttpResponseMessage result = await Get($"{corda.Flows("Alice")}/nobody/result");
        using HttpResponseMessage kill = await Kill("nobody");
        foreach (HttpResponseMessage answer in new[] { status, result, kill }) await answer.Problem(HttpStatusCode.NotFound, "flow-not-found");
    }

    [Fact]
    public async Task Flows_are_listed_in_pages_newest_first()
    {
        for (int i = 0; i < 5; i++) await corda.Run("Charlie", $"page-{i}", "Test.Echo", new { value = "a" });
        using HttpResponseMessage running = await corda.Post("Charlie", "page-running", "Test.Wait", new { milliseconds = 3_600_000 });

        var seen = new List<string>();
        string? next = null;
        do
        {
            using HttpResponseMessage answer = await Get($"{corda.Flows("Charlie")}?status=COMPLETED&limit=2{(next is null ? "" : "&next=" + next)}");
            JsonElement page = await answer.Json(HttpStatusCode.OK);
            seen.AddRange(page.GetProperty("flowStatusResponses").EnumerateArray().Select(flow => flow.GetProperty("clientRequestId").GetString()!));
            next = page.GetProperty("next").GetString();
        }
        while (next is not null);

        Assert.Equal(["page-4", "page-3", "page-2", "page-1", "page-0"], seen);
    }

    [Theory]
    [InlineData("status=DONE", "START_REQUESTED, RUNNING")]
    [InlineData("status=1", "START_REQUESTED, RUNNING")]
    [InlineData("limit=0", "1 to 1000")]
    [InlineData("limit=1001", "1 to 1000")]
    [InlineData("limit=x", "1 to 1000")]
    [InlineData("next=x", "the page before")]
    public async Task A_bad_query_is_refused(string query, string expected)
    {
        using HttpResponseMessage answer = await Get($"{corda.Flows("Alice")}?{query}");
        JsonElement problem = await answer.Problem(HttpStatusCode.BadRequest, "bad-query");
        Assert.Contains(expected, problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_short_hash_may_be_written_in_lower_case()
    {
        await corda.Run("Alice", "case-1", "Test.Echo", new { value = "a" });
        using HttpResponseMessage answer = await Get($"/api/v1/flow/{corda.ShortHash("Alice").ToLowerInvariant()}/case-1");
        Assert.Equal("COMPLETED", (await answer.Json(HttpStatusCode.OK)).State());
    }

    [Fact]
    public async Task Virtual_nodes_are_shown_as_Corda_5_shows_them()
    {
        using HttpResponseMessage all = await Get("/api/v1/virtualnode");
        string[] names = [.. (await all.Json(HttpStatusCode.OK)).GetProperty("virtualNodes").EnumerateArray()
            .Select(node => node.GetProperty("holdingIdentity").GetProperty("x500Name").GetString()!)];
        Assert.Equal(["O=Alice, L=London, C=GB", "O=Bob, L=Rome, C=IT", "O=Charlie, L=Paris, C=FR"], names);

        using HttpResponseMessage one = await Get("/api/v1/virtualnode/" + corda.ShortHash("Bob"));
        JsonElement bob = await one.Json(HttpStatusCode.OK);
        Assert.StartsWith(corda.ShortHash("Bob"), bob.GetProperty("holdingIdentity").GetProperty("fullHash").GetString(), StringComparison.Ordinal);
        Assert.Equal("ACTIVE", bob.GetProperty("flowStartOperationalStatus").GetString());
        Assert.Equal("TestFlows+Corda.Samples", bob.GetProperty("cpiIdentifier").GetProperty("cpiName").GetString());
    }

    [Fact]
    public async Task Startable_flows_are_listed_by_full_name()
    {
        using HttpResponseMessage answer = await Get("/api/v1/flowclass/" + corda.ShortHash("Bob"));
        string[] names = [.. (await answer.Json(HttpStatusCode.OK)).GetProperty("flowClassNames").EnumerateArray().Select(name => name.GetString()!)];
        Assert.Contains("Corda.Samples.PingPong", names);
        Assert.Contains("Test.Two.Twin", names);
        Assert.DoesNotContain(names, name => name.Contains("Responder", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/nothing", HttpStatusCode.NotFound, "route-not-found")]
    [InlineData("GET", "/api/v1/flow", HttpStatusCode.NotFound, "route-not-found")]
    [InlineData("DELETE", "/api/v1/virtualnode", HttpStatusCode.MethodNotAllowed, "method-not-allowed")]
    [InlineData("GET", "/api/v1/virtualnode/000000000000", HttpStatusCode.NotFound, "virtual-node-not-found")]
    [InlineData("GET", "/api/v1/virtualnode/xyz", HttpStatusCode.BadRequest, "bad-short-hash")]
    [InlineData("GET", "/api/v1/flowclass/000000000000", HttpStatusCode.NotFound, "virtual-node-not-found")]
    [InlineData("GET", "/api/v1/flow/000000000000", HttpStatusCode.NotFound, "virtual-node-not-found")]
    [InlineData("GET", "/api/v1/flow/000000000000/a", HttpStatusCode.NotFound, "virtual-node-not-found")]
    [InlineData("GET", "/api/v1/flow/000000000000/a%20b", HttpStatusCode.BadRequest, "bad-client-request-id")]
    public async Task What_is_not_there_is_told_as_a_problem(string method, string path, HttpStatusCode status, string type)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        using HttpResponseMessage answer = await corda.Client.SendAsync(request);
        await answer.Problem(status, type);
    }

    [Fact]
    public async Task The_root_leads_to_Swagger_UI()
    {
        using HttpResponseMessage answer = await Get("/");
        Assert.Equal("/swagger", answer.Headers.Location?.OriginalString);
        using HttpResponseMessage swagger = await Get("/swagger/index.html");
        Assert.Contains("swagger-ui", await swagger.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> Kill(string id) => corda.Client.PostAsync(new Uri($"{corda.Flows("Alice")}/{id}/kill", UriKind.Relative), null);

    private Task<HttpResponseMessage> Get(string path) => corda.Client.GetAsync(new Uri(path, UriKind.Relative));
}
