using System.Collections.Concurrent;
using System.Text.Json;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;

namespace Corda.Workers.Rpc;

/// <summary>A client's wish to start a flow, as it came.</summary>
/// <param name="ShortHash">The virtual node.</param>
/// <param name="ClientRequestId">The client's idempotency key.</param>
/// <param name="FlowClassName">Full or unique simple name.</param>
/// <param name="RequestBody">What the flow gets.</param>
internal sealed record StartRequest(string ShortHash, string ClientRequestId, string FlowClassName, JsonElement RequestBody);

/// <summary>
/// Starts flows. A start is accepted only when a flow worker has confirmed it, by a status that carries the start's fingerprint. So the flow's own
/// state decides between racing requests with one id, and nobody holds an acceptance of a start that lost. Thread-safe.
/// </summary>
internal sealed class FlowStarter(
    VirtualNodeView nodes, StartableFlows startable, FlowStatusView statuses, IPublisher publisher, RpcOptions options, TimeProvider time)
{
    private const int RequestIdLengthMax = 242;
    private readonly ConcurrentDictionary<FlowId, bool> publishing = new();

    /// <summary>Checks the request, publishes the start and waits for its confirmation. Repeating the same request is always safe.</summary>
    public async Task<StartOutcome> Start(StartRequest request, CancellationToken cancellationToken)
    {
        if (nodes.Find(request.ShortHash) is not { } node) return new StartOutcome.UnknownNode(request.ShortHash);
        if (!IsRequestId(request.ClientRequestId)) return new StartOutcome.BadRequestId(request.ClientRequestId);

        // Before everything that may have changed since the start was accepted: the node's state, its packages, what the flow takes.
        FlowId flowId = FlowId.OfClientStart(node.Identity.ShortHash, request.ClientRequestId);
        if (statuses.FindConfirmed(flowId) is { } known && IsRepeated(known, request)) return new StartOutcome.Accepted(known);
        if (!node.FlowStartActive) return new StartOutcome.NodeInactive(node);

        IReadOnlyList<StartableFlowDefinition> named;
        try
        {
            named = startable.Named(node, request.FlowClassName);
        }
        catch (FlowPackageException cause)
        {
            return new StartOutcome.Unavailable(cause.Message);
        }

        if (named is not [StartableFlowDefinition flow]) return NotStartable(node, request, named);
        if (RequestBody.Check(request.RequestBody, flow.RequestType, out string? json) is { } misfit)
        {
            return new StartOutcome.BodyMisfit(flow.ClassName, misfit);
        }

        var start = new StartFlow(node.Identity, request.ClientRequestId, flow.ClassName, json!, time.GetUtcNow());
        return await Confirm(start, cancellationToken);
    }

    /// <summary>Whether a client request id has the right form: 1 to 242 of A-Z a-z 0-9 . _ -</summary>
    public static bool IsRequestId(string id) =>
        id.Length is > 0 and <= RequestIdLengthMax && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    private static bool IsRepeated(FlowStatus known, StartRequest request)
    {
        bool sameClass = known.FlowClassName == request.FlowClassName
            || known.FlowClassName.EndsWith($".{request.FlowClassName}", StringComparison.Ordinal)
            || known.FlowClassName.EndsWith($"+{request.FlowClassName}", StringComparison.Ordinal);
        return sameClass && RequestBody.Meanings(request.RequestBody).Any(json => FingerprintOf(known.FlowClassName, json) == known.StartFingerprint);
    }

    private static string? FingerprintOf(string flowClassName, string json)
    {
        try
        {
            return StartFingerprint.Of(flowClassName, json);
        }
        catch (JsonException)
        {
            // Text that only looks like JSON: no start was accepted with it.
            return null;
        }
    }

    private StartOutcome.NotStartable NotStartable(VirtualNodeInfo node, StartRequest request, IReadOnlyList<StartableFlowDefinition> named) =>
        new(request.FlowClassName, Names(named), Names(startable.Of(node)));

    private static IReadOnlyList<string> Names(IEnumerable<StartableFlowDefinition> flows) => [.. flows.Select(flow => flow.ClassName)];

    private async Task<StartOutcome> Confirm(StartFlow start, CancellationToken cancellationToken)
    {
        string fingerprint = StartFingerprint.Of(start.FlowClassName, start.RequestBody);
        if (statuses.FindConfirmed(start.FlowId) is { } known) return Compare(known, start, fingerprint);

        try
        {
            // What waits on the bus already, or is on its way there, need not be there twice, and nothing that comes after it can win the id.
            if (statuses.FindRequested(start.FlowId) is null && !await PublishIfRoom(start, fingerprint)) return TooMany();
        }
        catch (MessagingTransientException cause)
        {
            return new StartOutcome.Unavailable($"The bus does not take the request for now: {cause.Message}");
        }
        catch (RecordRefusedException cause)
        {
            return new StartOutcome.TooLarge(cause.Message);
        }
        catch (MessagingIndefiniteException)
        {
            // It may have been written: the flow's status will tell.
        }

        FlowStatus? confirmed = await statuses.WaitFor(start.FlowId, _ => true, options.ConfirmTimeout, cancellationToken);
        return confirmed is null ? Unconfirmed(start, fingerprint) : Compare(confirmed, start, fingerprint);
    }

    // Those that are on their way to the bus count too: while it is away, or its first answer is waited for, they are all there are.
    private async Task<bool> PublishIfRoom(StartFlow start, string fingerprint)
    {
        if (!publishing.TryAdd(start.FlowId, true)) return true;
        try
        {
            if (publishing.Count + statuses.RequestedCount > options.UnconfirmedStartsMax) return false;
            await Publish(start, fingerprint);
            return true;
        }
        finally
        {
            publishing.TryRemove(start.FlowId, out _);
        }
    }

    private async Task Publish(StartFlow start, string fingerprint)
    {
        await publisher.PublishAsync(Record.Of<FlowEvent>(Topics.FlowEvent, start.FlowId.ToKey(), start));
        statuses.OnRequested(new FlowStatus(
            start.FlowId,
            start.Identity,
            start.ClientRequestId,
            start.FlowClassName,
            fingerprint,
            FlowState.StartRequested,
            Result: null,
            Error: null,
            start.RequestedAt,
            start.RequestedAt));
    }

    private StartOutcome.Unavailable TooMany() => new(
        $"{options.UnconfirmedStartsMax} starts wait for the bus, or for a flow worker to confirm them, and no more are taken (Corda:Rpc:UnconfirmedStartsMax). "
        + "Look whether the bus is there and flow workers run. This start was not recorded.");

    private StartOutcome.Unavailable Unconfirmed(StartFlow start, string fingerprint)
    {
        string waited = $"No flow worker has confirmed the start within {options.ConfirmTimeout.TotalSeconds:0.#} s.";
        string flow = $"GET /api/v1/flow/{start.Identity.ShortHash}/{start.ClientRequestId}";
        return new StartOutcome.Unavailable(statuses.FindRequested(start.FlowId) switch
        {
            { } other when other.StartFingerprint != fingerprint =>
                $"{waited} Another start with clientRequestId '{start.ClientRequestId}' waits before it; take another clientRequestId for another start.",
            null => $"{waited} The start may have been recorded; {flow} or this request again tells more.",
            _ => $"{waited} The start is durable and will run once, as soon as a flow worker is there; {flow} or this request again tells more.",
        });
    }

    private static StartOutcome Compare(FlowStatus status, StartFlow start, string fingerprint)
    {
        if (status.StartFingerprint == fingerprint) return new StartOutcome.Accepted(status);

        string difference = status.FlowClassName == start.FlowClassName
            ? "the request body differs"
            : $"it runs {status.FlowClassName}, not {start.FlowClassName}";
        return new StartOutcome.Conflict(status, difference);
    }
}
