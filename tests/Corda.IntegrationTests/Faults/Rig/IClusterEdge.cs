using System.Text.Json.Nodes;
using Corda.IntegrationTests.Faults.Oracle;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>Where clients reach a cluster.</summary>
internal interface IClusterEdge
{
    /// <summary>The virtual node that clients speak to.</summary>
    string ShortHash { get; }

    /// <summary>Asks for a flow, and waits some of the time that it may take to end. Never throws for what a client must bear.</summary>
    Task<(Answer Answer, string Detail, JsonNode? Status)> StartAsync(string id, FlowWork work, CancellationToken cancellationToken);
}
