using System.Net;
using System.Text.Json;
using Corda.Tests.Support;

namespace Corda.Tests.Api;

public sealed class UnconfirmedStartTests
{
    [Fact]
    public async Task A_start_that_no_flow_worker_confirms_is_answered_503_and_shown_as_START_REQUESTED()
    {
        using var folder = new TemporaryFolder();
        await using CordaFixture corda = await CordaFixture.Start(
            [TestFlows.CompileTo(folder.Path)], [("Corda:Roles", "rpc, db"), ("Corda:Rpc:ConfirmTimeout", "00:00:00.2")]);

        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage answer = await corda.Post("Alice", "r1", "Test.Echo", new { value = "a" });
            JsonElement problem = await answer.Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
            Assert.Contains("is durable and will run once", problem.Detail(), StringComparison.Ordinal);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        using HttpResponseMessage one = await corda.Client.GetAsync(new Uri($"{corda.Flows("Alice")}/r1", UriKind.Relative));
        Assert.Equal("START_REQUESTED", (await one.Json(HttpStatusCode.OK)).State());
        using HttpResponseMessage result = await corda.Client.GetAsync(new Uri($"{corda.Flows("Alice")}/r1/result", UriKind.Relative));
        Assert.Equal("START_REQUESTED", (await result.Json(HttpStatusCode.Accepted)).State());
        using HttpResponseMessage list = await corda.Client.GetAsync(new Uri($"{corda.Flows("Alice")}?status=START_REQUESTED", UriKind.Relative));
        Assert.Equal("r1", Assert.Single((await list.Json(HttpStatusCode.OK)).GetProperty("flowStatusResponses").EnumerateArray()).GetProperty("clientRequestId").GetString());
    }
}
