using Corda.Workers.Contracts;

namespace Corda.Tests.Rpc;

/// <summary>Statuses as a flow worker would publish them.</summary>
internal static class TestStatuses
{
    public static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly HoldingIdentity Alice = new("O=Alice, L=London, C=GB", "test");
    public static readonly HoldingIdentity Bob = new("O=Bob, L=Rome, C=IT", "test");

    public static FlowStatus Of(string clientRequestId, FlowState state = FlowState.Running, int createdAtSecond = 0, string fingerprint = "", HoldingIdentity? node = null) => new(
        FlowId.OfClientStart((node ?? Alice).ShortHash, clientRequestId),
        node ?? Alice,
        clientRequestId,
        "Test.Flow",
        fingerprint,
        state,
        Result: null,
        Error: null,
        Epoch.AddSeconds(createdAtSecond),
        Epoch.AddSeconds(createdAtSecond));
}
