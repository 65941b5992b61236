using Corda.Samples;
using Corda.Tests.Support;

namespace Corda.Tests.Api;

/// <summary>One host with the test flows and the samples for all tests that do not mind each other.</summary>
public sealed class HostedApi : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public CordaFixture Corda { get; private set; } = null!;

    public async Task InitializeAsync() => Corda = await CordaFixture.Start([TestFlows.CompileTo(folder.Path), typeof(PingPong).Assembly.Location]);

    public async Task DisposeAsync()
    {
        await Corda.DisposeAsync();
        folder.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class HostedApiTests : ICollectionFixture<HostedApi>
{
    public const string Name = "hosted API";
}
