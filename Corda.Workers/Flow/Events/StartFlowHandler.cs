using System.Text.Json;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow.Events;

/// <summary>A client starts a flow. A repeated start changes nothing and answers where the flow stands, so that whoever waits for it sees it.</summary>
internal sealed class StartFlowHandler(FlowCatalog catalog, FlowPipeline pipeline, FlowOptions options)
{
    public Step<Checkpoint> Start(FlowId id, StartFlow start, StepContext context)
    {
        if (id != start.FlowId) throw new FlowEventException($"A start of {start.FlowClassName} came under the key {id} instead of {start.FlowId}");

        RunningFlow flow = NewFlow(start, packageHash: "", context.Now);
        VirtualNodeInfo node = catalog.Node(start.Identity);
        if (!node.FlowStartActive) return CannotStart(flow, $"The virtual node {start.Identity} takes no new flows.", context);
        if (catalog.Startable(node, start.FlowClassName) is not var (package, definition))
        {
            return CannotStart(flow, $"{start.FlowClassName} is not a client-startable flow of {node.Cpi.Name} {node.Cpi.Version}.", context);
        }

        var step = new FlowStep(flow with { PackageHash = package.Hash }, context.Now, options);
        FlowBlueprint blueprint = FlowBlueprint.Of(definition.Type);
        return pipeline.Start(step, package, blueprint.NewScope(null), services => blueprint.CallStartable(services, start.RequestBody));
    }

    /// <summary>The start of a flow that is under way.</summary>
    public static Step<Checkpoint> Repeat(RunningFlow flow, StepContext context) =>
        new(flow, FlowStatuses.Of(flow, FlowState.Running, context.Now) is { } status ? [FlowOutputs.Status(status)] : [], flow.DueAt());

    /// <summary>A flow as it is before its first step.</summary>
    public static RunningFlow NewFlow(StartFlow start, string packageHash, DateTimeOffset now) => new(
        start.FlowId,
        new ClientStart(start.ClientRequestId, FingerprintOf(start)),
        start.Identity,
        start.FlowClassName,
        packageHash,
        Frames: [],
        Waiting: [],
        Sessions: [],
        SessionsOpened: 0,
        SuspendCount: 0,
        CreatedAt: start.RequestedAt,
        UpdatedAt: now);

    private static string FingerprintOf(StartFlow start)
    {
        try
        {
            return StartFingerprint.Of(start.FlowClassName, start.RequestBody);
        }
        catch (JsonException)
        {
            // The REST edge lets no such body through; whoever sent it is told when the flow reads it. No proper start has this fingerprint.
            return "";
        }
    }

    private Step<Checkpoint> CannotStart(RunningFlow flow, string reason, StepContext context) =>
        FlowEnding.Failed(new FlowStep(flow, context.Now, options), FlowErrors.Of(ErrorTypes.CannotStart, reason, options));
}
