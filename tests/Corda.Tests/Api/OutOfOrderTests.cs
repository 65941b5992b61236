using System.Net;
using System.Text;
using System.Text.Json;
using Corda.Flows.CompilerServices;
using Corda.Tests.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Api;

/// <summary>What clients see while something is not as it should be.</summary>
public sealed class OutOfOrderTests
{
    [Fact]
    public async Task A_flow_that_waits_for_another_build_is_RETRYING_says_why_and_can_be_killed()
    {
        using var folder = new TemporaryFolder();
        await using CordaFixture corda = await CordaFixture.StartWith(
            [TestFlows.CompileTo(folder.Path)],
            services => services.AddSingleton<IFrameStore>(new FramesOfAnotherBuild()),
            [("Corda:Bus:Type", "InMemory"), ("Corda:Flow:AlwaysRestoreFromBytes", "true")]);
        using HttpResponseMessage start = await corda.Post("Alice", "r1", "Test.Wait", new { milliseconds = 1 });
        Assert.Equal(HttpStatusCode.Accepted, start.StatusCode);

        JsonElement status = default;
        await Eventually.True(() => (status = Status(corda)).State() == "RETRYING", () => $"RETRYING; it is {status}");
        Assert.Contains("waits for a worker that can read it", status.GetProperty("flowError").GetProperty("message").GetString(), StringComparison.Ordinal);

        using HttpResponseMessage killed = await corda.Client.PostAsync(new Uri($"{corda.Flows("Alice")}/r1/kill", UriKind.Relative), null);
        Assert.Equal("KILLED", (await killed.Json(HttpStatusCode.OK)).State());
        Assert.Equal("KILLED", Status(corda).State());
    }

    [Fact]
    public async Task An_inactive_virtual_node_starts_nothing()
    {
        using var folder = new TemporaryFolder();
        await using CordaFixture corda = await CordaFixture.Start([TestFlows.CompileTo(folder.Path)]);
        var nodes = corda.Services.GetRequiredService<Workers.Rpc.VirtualNodeView>();
        VirtualNodeInfo alice = nodes.Find(corda.ShortHash("Alice"))!;
        await using IPublisher publisher = corda.Services.GetRequiredService<Subscriptions>().Publisher("test");
        await publisher.PublishAsync(Record.Of(Topics.VirtualNodeInfo, Encoding.UTF8.GetBytes(corda.ShortHash("Alice")), alice with { FlowStartActive = false }));
        await Eventually.True(() => nodes.Find(corda.ShortHash("Alice"))?.FlowStartActive == false, "Alice is inactive");

        using HttpResponseMessage answer = await corda.Post("Alice", "r1", "Test.Echo", new { value = "a" });
        JsonElement problem = await answer.Problem(HttpStatusCode.Conflict, "virtual-node-inactive");
        Assert.Contains("INACTIVE", problem.Detail(), StringComparison.Ordinal);
        Assert.Equal("a", (await corda.Run("Bob", "r1", "Test.Echo", new { value = "a" })).GetProperty("value").GetString());
    }

    [Fact]
    public async Task While_it_starts_the_service_asks_to_come_again_rather_than_say_that_something_is_unknown()
    {
        // Without the service that starts the workers, starting never ends.
        await using WebApplicationFactory<Program> host = new WebApplicationFactory<Program>().WithWebHostBuilder(builder =>
        {
            builder.UseSetting("Corda:Bus:Type", "InMemory");
            builder.ConfigureServices(services =>
            {
                foreach (ServiceDescriptor started in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationFactory is not null).ToArray()) services.Remove(started);
            });
        });
        using HttpClient client = host.CreateClient();
        foreach (string path in new[] { "virtualnode", "virtualnode/000000000000", "flow/000000000000", "flow/000000000000/r1" })
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative));
            JsonElement problem = await answer.Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
            Assert.Contains("is starting", problem.Detail(), StringComparison.Ordinal);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        using HttpResponseMessage ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
    }

    private static JsonElement Status(CordaFixture corda)
    {
        using HttpResponseMessage answer = corda.Client.GetAsync(new Uri($"{corda.Flows("Alice")}/r1", UriKind.Relative)).Result;
        return answer.Json(HttpStatusCode.OK).Result;
    }

    /// <summary>Saves as it should, and cannot read anything.</summary>
    private sealed class FramesOfAnotherBuild : IFrameStore
    {
        private readonly FrameStore inner = new();

        public byte[] Save(FlowPackage package, FlowFiber fiber, FlowExternals externals) => inner.Save(package, fiber, externals);

        public FlowFiber Restore(FlowPackage package, ReadOnlySpan<byte> frames, FlowExternals externals) => throw new ForeignCheckpointException("Saved by another build.");
    }
}
