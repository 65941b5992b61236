using System.Net;
using System.Text.Json;
using Corda.Samples;
using Corda.Tests.Support;

namespace Corda.Tests.Api;

public sealed class DataFolderTests : IDisposable
{
    private static readonly string[] Packages = [typeof(PingPong).Assembly.Location];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_flow_goes_on_where_it_was_after_a_restart()
    {
        JsonElement started;
        await using (CordaFixture before = await CordaFixture.StartOn(folder["data"], Packages))
        {
            await before.Run("Alice", "done-1", "PingPong", new { counterparty = "O=Bob, L=Rome, C=IT" });
            using HttpResponseMessage answer = await before.Post("Alice", "count-1", "Countdown", new { steps = 2, delayMs = 1000 });
            started = await answer.Json(HttpStatusCode.Accepted);
        }

        await using CordaFixture after = await CordaFixture.StartOn(folder["data"], Packages);
        JsonElement result = await after.Run("Alice", "count-1", "Countdown", new { steps = 2, delayMs = 1000 });
        Assert.Equal(2, result.GetProperty("steps").GetInt32());

        using HttpResponseMessage list = await after.Client.GetAsync(new Uri(after.Flows("Alice"), UriKind.Relative));
        JsonElement flows = (await list.Json(HttpStatusCode.OK)).GetProperty("flowStatusResponses");
        Assert.Equal(["count-1", "done-1"], flows.EnumerateArray().Select(flow => flow.GetProperty("clientRequestId").GetString()));
        Assert.Equal(started.GetProperty("flowId").GetString(), flows[0].GetProperty("flowId").GetString());
    }

    [Fact]
    public async Task A_data_folder_in_use_is_refused_and_its_user_not_disturbed()
    {
        await using CordaFixture first = await CordaFixture.StartOn(folder["data"], Packages);
        await Assert.ThrowsAnyAsync<Exception>(() => CordaFixture.StartOn(folder["data"], Packages));
        await first.Run("Alice", "ping-1", "PingPong", new { counterparty = "O=Bob, L=Rome, C=IT" });
    }

    [Fact]
    public async Task A_full_disk_refuses_starts_loses_nothing_and_lets_everybody_read()
    {
        await using CordaFixture corda = await CordaFixture.StartWith(
            [TestFlows.CompileTo(folder.Path)], services: null, ("Corda:DataFolder", folder["data"]), ("Corda:Bus:FileBytesMax", "1000000"), ("Corda:Rpc:ConfirmTimeout", "00:00:02"));
        string text = new('x', 100_000);
        int accepted = 0;
        HttpResponseMessage answer;
        while ((answer = await corda.Post("Alice", $"fill-{accepted}", "Test.Echo", new { value = text }, "wait=2")).IsSuccessStatusCode && accepted < 100)
        {
            answer.Dispose();
            accepted++;
        }

        await answer.Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.Equal("1", Assert.Single(answer.Headers.GetValues("Retry-After")));
        answer.Dispose();
        Assert.NotEqual(0, accepted);
        using HttpResponseMessage status = await corda.Client.GetAsync(new Uri(corda.Flows("Alice") + "/fill-0", UriKind.Relative));
        await status.Json(HttpStatusCode.OK);
        using HttpResponseMessage ready = await corda.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        await ready.Json(HttpStatusCode.ServiceUnavailable);
        using HttpResponseMessage live = await corda.Client.GetAsync(new Uri("/health/live", UriKind.Relative));
        await live.Json(HttpStatusCode.OK);
    }
}
