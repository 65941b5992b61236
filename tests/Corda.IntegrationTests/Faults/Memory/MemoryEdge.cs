using System.Text.Json;
using System.Text.Json.Nodes;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Rig;
using Corda.Workers.Contracts;
using Corda.Workers.Rpc;
using Microsoft.Extensions.DependencyInjection;

namespace Corda.IntegrationTests.Faults.Memory;

/// <summary>The rpc role without its REST skin.</summary>
internal sealed class MemoryEdge(IServiceProvider services) : IClusterEdge
{
    private static readonly TimeSpan EndWait = TimeSpan.FromSeconds(2);
    private readonly FlowStarter starter = services.GetRequiredService<FlowStarter>();
    private readonly FlowStatusView statuses = services.GetRequiredService<FlowStatusView>();

    public string ShortHash { get; } =
        services.GetRequiredService<VirtualNodeView>().All.Single(node => node.Identity.X500Name.Contains("O=Alice", StringComparison.Ordinal)).Identity.ShortHash;

    public async Task<(Answer Answer, string Detail, JsonNode? Status)> StartAsync(string id, FlowWork work, CancellationToken cancellationToken)
    {
        JsonElement body = JsonSerializer.SerializeToElement(work.Body);
        switch (await starter.Start(new StartRequest(ShortHash, id, work.FlowClass, body), cancellationToken))
        {
            case StartOutcome.Accepted accepted:
                FlowStatus status = await statuses.WaitFor(accepted.Status.FlowId, IsTerminal, EndWait, cancellationToken) ?? accepted.Status;
                return (Answer.Ok, "", new JsonObject { ["flowStatus"] = status.State.ToString().ToUpperInvariant(), ["flowResult"] = status.Result });
            case StartOutcome.Unavailable unavailable:
                return (Answer.Unknown, unavailable.ToString(), null);
            case var refused:
                return (Answer.Refused, refused.ToString(), null);
        }
    }

    private static bool IsTerminal(FlowStatus status) => status.State is FlowState.Completed or FlowState.Failed or FlowState.Killed;
}
