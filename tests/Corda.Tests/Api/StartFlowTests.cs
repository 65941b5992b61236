using System.Net;
using System.Text;
using System.Text.Json;

namespace Corda.Tests.Api;

[Collection(HostedApiTests.Name)]
public sealed class StartFlowTests(HostedApi api)
{
    private readonly CordaFixture corda = api.Corda;

    [Fact]
    public async Task A_start_is_accepted_with_its_status_and_where_to_look_for_more()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "accepted-1", "Test.Echo", new { value = "hello" });
        JsonElement status = await answer.Json(HttpStatusCode.Accepted);
        Assert.Equal(
            ["holdingIdentityShortHash", "clientRequestId", "flowId", "flowStatus", "flowResult", "flowError", "timestamp"],
            status.EnumerateObject().Select(property => property.Name));
        Assert.Equal(corda.ShortHash("Alice"), status.GetProperty("holdingIdentityShortHash").GetString());

        using HttpResponseMessage there = await corda.Client.GetAsync(answer.Headers.Location);
        Assert.Equal(status.GetProperty("flowId").GetString(), (await there.Json(HttpStatusCode.OK)).GetProperty("flowId").GetString());
    }

    [Fact]
    public async Task With_a_preference_to_wait_the_answer_has_the_result()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "wait-1", "Test.Echo", new { value = "hello" }, "respond-async, wait=30");
        JsonElement status = await answer.Json(HttpStatusCode.OK);
        Assert.Equal("COMPLETED", status.State());
        Assert.Equal("""{"value":"hello","times":1}""", status.GetProperty("flowResult").GetString());
        Assert.Equal("wait=30", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
    }

    [Fact]
    public async Task A_flow_that_takes_longer_than_the_client_waits_is_accepted()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "long-1", "Test.Wait", new { milliseconds = 3_600_000 }, "wait=0");
        Assert.Equal("RUNNING", (await answer.Json(HttpStatusCode.Accepted)).State());
    }

    [Fact]
    public async Task Two_parties_talk()
    {
        JsonElement result = await corda.Run("Alice", "ping-1", "PingPong", new { counterparty = "O=Bob, L=Rome, C=IT", rounds = 4 });
        Assert.Equal(4, result.GetProperty("rounds").GetInt32());
    }

    [Fact]
    public async Task The_same_request_again_is_the_same_flow()
    {
        await corda.Run("Alice", "again-1", "Test.Echo", new { value = "hello", times = 2 });
        using HttpResponseMessage again = await corda.Post("Alice", "again-1", "Echo", new { times = 2, value = "hello" });
        Assert.Equal("COMPLETED", (await again.Json(HttpStatusCode.Accepted)).State());
    }

    [Theory]
    [InlineData("Test.Echo", "other", "the request body differs")]
    [InlineData("Test.Fail", "hello", "it runs Test.Echo, not Test.Fail")]
    public async Task Another_request_under_a_taken_id_is_refused(string flow, string value, string difference)
    {
        string id = "taken-" + flow;
        using HttpResponseMessage first = await corda.Post("Alice", id, "Test.Echo", new { value = "hello" });
        using HttpResponseMessage second = await corda.Post("Alice", id, flow, new { value });
        JsonElement problem = await second.Problem(HttpStatusCode.Conflict, "client-request-id-taken");
        Assert.Contains(difference, problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_id_on_two_virtual_nodes_are_two_flows()
    {
        JsonElement alices = await corda.Run("Alice", "both-1", "Test.Echo", new { value = "a" });
        JsonElement bobs = await corda.Run("Bob", "both-1", "Test.Echo", new { value = "b" });
        Assert.Equal(("a", "b"), (alices.GetProperty("value").GetString(), bobs.GetProperty("value").GetString()));
    }

    [Fact]
    public async Task Of_racing_requests_with_one_id_exactly_one_wins_everywhere()
    {
        string[] bodies = [.. Enumerable.Range(0, 50).Select(i => i % 2 == 0 ? "even" : "odd")];

        HttpResponseMessage[] answers = await Task.WhenAll(bodies.Select(value => corda.Post("Alice", "race-1", "Test.Echo", new { value }, "wait=30")));

        string[] winners = [.. answers.Zip(bodies).Where(pair => pair.First.IsSuccessStatusCode).Select(pair => pair.Second)];
        string winner = Assert.Single(winners.Distinct());
        Assert.Equal(25, winners.Length);
        Assert.All(answers.Where(answer => !answer.IsSuccessStatusCode), answer => Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode));
        Assert.All(answers, answer => answer.Dispose());
        Assert.Equal(winner, (await corda.Run("Alice", "race-1", "Test.Echo", new { value = winner })).GetProperty("value").GetString());
    }

    [Fact]
    public async Task A_body_may_come_as_a_string_of_json()
    {
        JsonElement result = await corda.Run("Alice", "string-1", "Test.Echo", """{"value":"hello"}""");
        Assert.Equal("hello", result.GetProperty("value").GetString());
    }

    [Theory]
    [InlineData("""{"times":2}""", "$.requestBody", "'value'")]
    [InlineData("""{"value":7}""", "$.requestBody.value", "expected a string")]
    [InlineData("""{"value":"a","times":"two"}""", "$.requestBody.times", "expected an integer")]
    [InlineData("""{"value":"a","tims":2}""", "$.requestBody.tims", "no property 'tims' in Text")]
    [InlineData("[]", "$.requestBody", "expected an object (Text)")]
    [InlineData("\"\\ud800\"", "$.requestBody", "not valid Unicode")]
    [InlineData("""{"value":"a\udc00b"}""", "$.requestBody.value", "not valid Unicode")]
    [InlineData("""{"value":"a","x":[1,{"y":"\ud800"}]}""", "$.requestBody.x[1].y", "not valid Unicode")]
    [InlineData("""
        "{\"value\":\"\\ud800\"}"
        """, "$.requestBody.value", "")]
    public async Task A_body_that_does_not_fit_is_refused_with_its_place(string body, string path, string reason)
    {
        using HttpResponseMessage answer = await PostRaw($$"""{"clientRequestId":"misfit","flowClassName":"Test.Echo","requestBody":{{body}}}""");
        JsonElement problem = await answer.Problem(HttpStatusCode.BadRequest, "request-body-misfit");
        Assert.Equal(path, problem.GetProperty("path").GetString());
        Assert.Contains(reason, problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_no_x500_name_is_refused_where_it_stands()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "x500", "PingPong", new { counterparty = "Bob" });
        JsonElement problem = await answer.Problem(HttpStatusCode.BadRequest, "request-body-misfit");
        Assert.Equal("$.requestBody.counterparty", problem.GetProperty("path").GetString());
        Assert.Contains("O=Alice, L=London, C=GB", problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_class_that_cannot_be_started_is_refused_with_those_that_can()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "unknown", "Test.Nothing", new { });
        JsonElement problem = await answer.Problem(HttpStatusCode.BadRequest, "flow-class-not-startable");
        Assert.Contains("Test.Echo", problem.GetProperty("startableFlows").EnumerateArray().Select(flow => flow.GetString()));
    }

    [Fact]
    public async Task A_simple_name_that_several_classes_have_is_refused_with_all_of_them()
    {
        using HttpResponseMessage answer = await corda.Post("Alice", "twin", "Twin", new { });
        JsonElement problem = await answer.Problem(HttpStatusCode.BadRequest, "flow-class-ambiguous");
        Assert.Equal(["Test.One.Twin", "Test.Two.Twin"], problem.GetProperty("candidates").EnumerateArray().Select(flow => flow.GetString()));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("../x")]
    public async Task A_bad_id_is_refused(string id)
    {
        using HttpResponseMessage answer = await corda.Post("Alice", id, "Test.Echo", new { value = "a" });
        await answer.Problem(HttpStatusCode.BadRequest, "bad-client-request-id");
    }

    [Theory]
    [InlineData("000000000000", HttpStatusCode.NotFound, "virtual-node-not-found")]
    [InlineData("0000", HttpStatusCode.BadRequest, "bad-short-hash")]
    [InlineData("ZZZZZZZZZZZZ", HttpStatusCode.BadRequest, "bad-short-hash")]
    public async Task A_virtual_node_that_is_not_there_is_told(string shortHash, HttpStatusCode status, string type)
    {
        using HttpResponseMessage answer = await PostRaw("""{"clientRequestId":"a","flowClassName":"Test.Echo","requestBody":{}}""", shortHash);
        await answer.Problem(status, type);
    }

    [Theory]
    [InlineData("{", "line 1, byte 2")]
    [InlineData("{\"clientRequestId\":\n 7}", "line 2")]
    [InlineData("", "")]
    [InlineData("{}", "clientRequestId")]
    [InlineData("""{"clientRequestId":"a","flowClassName":"Test.Echo"}""", "requestBody")]
    [InlineData("""{"clientRequestId":"a","flowClassName":"Test.Echo","requestBody":{},"body":{}}""", "body")]
    [InlineData("""{"clientRequestId":"a","flowClassName":"Test.Echo","requestBody":{"value":"a","value":"b"}}""", "value")]
    public async Task Json_that_cannot_be_read_is_refused_with_its_position(string json, string place)
    {
        using HttpResponseMessage answer = await PostRaw(json);
        JsonElement problem = await answer.Problem(HttpStatusCode.BadRequest, "bad-request");
        Assert.Contains(place, problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_json_is_refused()
    {
        using HttpResponseMessage answer = await PostRaw("clientRequestId=a", mediaType: "application/x-www-form-urlencoded");
        JsonElement problem = await answer.Problem(HttpStatusCode.UnsupportedMediaType, "not-json");
        Assert.Contains("application/json", problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_is_refused()
    {
        string text = new('x', 1024 * 1024);
        using HttpResponseMessage answer = await PostRaw($$$"""{"clientRequestId":"large","flowClassName":"Test.Echo","requestBody":{"value":"{{{text}}}"}}""");
        JsonElement problem = await answer.Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        Assert.Contains("1048576 bytes", problem.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_record_can_hold_is_refused()
    {
        string text = new('x', 1020 * 1024);
        using HttpResponseMessage answer = await corda.Post("Alice", "large", "Test.Echo", new { value = text });
        await answer.Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    private async Task<HttpResponseMessage> PostRaw(string text, string? shortHash = null, string mediaType = "application/json")
    {
        using var content = new StringContent(text, Encoding.UTF8, mediaType);
        return await corda.Client.PostAsync(new Uri($"/api/v1/flow/{shortHash ?? corda.ShortHash("Alice")}", UriKind.Relative), content);
    }
}
