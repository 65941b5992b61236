using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Corda.IntegrationTests.Support;

namespace Corda.IntegrationTests;

/// <summary>What a user sees of the process itself: start, a crash in the middle, a second start by mistake, an orderly stop.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly string dataFolder = Directory.CreateTempSubdirectory("corda-process-").FullName;

    [Fact]
    public async Task A_flow_killed_in_the_middle_goes_on_after_the_restart_and_keeps_the_steps_it_had_done()
    {
        using var host = new HostProcess(dataFolder);
        await host.StartReadyAsync();
        string alice = await AliceAsync(host);
        var body = new { clientRequestId = "middle", flowClassName = "Countdown", requestBody = new { steps = 20, delayMs = 100 } };
        using HttpResponseMessage accepted = await host.Client.PostAsJsonAsync($"/api/v1/flow/{alice}", body);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        host.Kill();
        await host.StartReadyAsync();

        await Eventually.True(
            async () => (string)(await StatusAsync(host, alice, "middle"))["flowStatus"]! == "COMPLETED",
            () => $"the flow did not complete; the host said:\n{host.Output}");
        JsonNode ended = await StatusAsync(host, alice, "middle");
        Assert.Equal(20, (int)JsonNode.Parse((string)ended["flowResult"]!)!["steps"]!);
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_folder_is_refused_and_says_why()
    {
        using var first = new HostProcess(dataFolder);
        await first.StartReadyAsync();
        using var second = new HostProcess(dataFolder);

        second.Start();
        await second.WaitForExitAsync();

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains(dataFolder, second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_setting_is_refused_by_name()
    {
        using var host = new HostProcess(dataFolder, "--Corda:Flow:Lanez=3");

        host.Start();
        await host.WaitForExitAsync();

        Assert.NotEqual(0, host.ExitCode);
        Assert.Contains("Lanez", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Termination_drains_and_exits_cleanly()
    {
        using var host = new HostProcess(dataFolder);
        await host.StartReadyAsync();

        await host.TerminateAsync();

        Assert.Equal(0, host.ExitCode);
    }

    public void Dispose() => Directory.Delete(dataFolder, recursive: true);

    private static async Task<string> AliceAsync(HostProcess host)
    {
        JsonNode nodes = (await host.Client.GetFromJsonAsync<JsonNode>(new Uri("/api/v1/virtualnode", UriKind.Relative)))!;
        return (string)nodes["virtualNodes"]!.AsArray()
            .Select(n => n!["holdingIdentity"]!)
            .Single(n => ((string)n["x500Name"]!).Contains("O=Alice", StringComparison.Ordinal))["shortHash"]!;
    }

    private static async Task<JsonNode> StatusAsync(HostProcess host, string node, string id) =>
        (await host.Client.GetFromJsonAsync<JsonNode>(new Uri($"/api/v1/flow/{node}/{id}", UriKind.Relative)))!;
}
