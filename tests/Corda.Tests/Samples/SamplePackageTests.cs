using System.Text.Json;
using Corda.Samples;
using Corda.Samples.Trading;
using Corda.Workers.Contracts;
using Corda.Workers.Packaging;

namespace Corda.Tests.Samples;

public sealed class SamplePackageTests
{
    [Fact]
    public void The_samples_are_a_sound_package()
    {
        FlowPackage package = Assert.Single(new FlowPackageStore([typeof(PingPong).Assembly.Location], dataFolder: null).Current);

        Assert.Equal(
            ["Corda.Samples.Broadcast", "Corda.Samples.Countdown", "Corda.Samples.PingPong", "Corda.Samples.Trading.Buy"],
            package.Flows.Keys.Order());
        Assert.Equal(["broadcast", "ping-pong", "trade", "trade-approval"], package.Responders.Select(r => r.Protocol).Order());
    }

    [Fact]
    public void A_request_needs_no_more_than_the_counterparties()
    {
        BuyRequest buy = JsonSerializer.Deserialize<BuyRequest>(
            """{"seller":"O=Bob, L=Berlin, C=DE","regulator":"O=Charlie, L=Paris, C=FR"}""", FlowJson.Strict)!;

        Assert.Equal(("bond", 100m, 4), (buy.Item, buy.Limit, buy.Rounds));
        Assert.Equal(3, JsonSerializer.Deserialize<PingPongRequest>("""{"counterparty":"O=Bob, L=Berlin, C=DE"}""", FlowJson.Strict)!.Rounds);
        Assert.Equal(10, JsonSerializer.Deserialize<CountdownRequest>("{}", FlowJson.Strict)!.Steps);
    }
}
