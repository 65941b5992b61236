using System.Collections.Concurrent;
using System.Collections.Immutable;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Rpc;

/// <summary>
/// Where client-started flows stand, as this process has seen it on <c>flow.status</c>. Read on any thread. A flow's terminal status goes when its
/// flow worker forgets the flow (<c>Corda:Flow:StatusRetention</c>) and publishes a tombstone.
/// </summary>
internal sealed class FlowStatusView(TimeProvider time) : ICompactedProcessor<FlowStatus>
{
    private readonly StatusWaiters waiters = new();
    private volatile Content content = new();

    /// <summary>Whether the topic was read; before that, an unknown flow may only be one not seen yet.</summary>
    public bool Loaded { get; private set; }

    /// <summary>The status of a flow, or null for an unknown one.</summary>
    public FlowStatus? Find(FlowId flowId) => content.Statuses.GetValueOrDefault(flowId);

    /// <summary>The flows of a virtual node, newest first.</summary>
    /// <param name="shortHash">The virtual node.</param>
    /// <param name="state">Only flows in this state; null for all.</param>
    /// <param name="after">The <see cref="StatusPage.Next"/> of the page before; null for the first.</param>
    /// <param name="countMax">The size of the page.</param>
    public StatusPage List(string shortHash, FlowState? state, StatusCursor? after, int countMax)
    {
        Content now = content;
        if (!now.ByNode.TryGetValue(shortHash, out ImmutableSortedSet<StatusCursor>? places)) return new StatusPage([], null);

        var flows = new List<FlowStatus>();
        for (int place = FirstAfter(places, after); place < places.Count; place++)
        {
            // A tombstone may have taken the flow since the places were read.
            if (!now.Statuses.TryGetValue(places[place].FlowId, out FlowStatus? status) || (state is not null && status.State != state)) continue;
            if (flows.Count == countMax) return new StatusPage(flows, StatusCursor.Of(flows[^1]));
            flows.Add(status);
        }

        return new StatusPage(flows, null);
    }

    /// <summary>Waits until a flow's status, the present one included, meets a condition.</summary>
    /// <returns>That status, or null when the time was up.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<FlowStatus?> WaitFor(FlowId flowId, Func<FlowStatus, bool> condition, TimeSpan wait, CancellationToken cancellationToken)
    {
        using StatusWaiters.Waiter waiter = waiters.Add(flowId, condition);
        if (Find(flowId) is { } present) waiter.Tell(present);
        try
        {
            return await waiter.Reached.WaitAsync(wait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], FlowStatus>> values)
    {
        var fresh = new Content();
        foreach (FlowStatus status in values.Select(pair => pair.Value)) fresh.Statuses[status.FlowId] = status;
        foreach (var node in fresh.Statuses.Values.GroupBy(status => status.Identity.ShortHash))
        {
            fresh.ByNode[node.Key] = [.. node.Select(StatusCursor.Of)];
        }

        content = fresh;
        Loaded = true;
        foreach (FlowStatus status in fresh.Statuses.Values) waiters.Tell(status);
    }

    /// <inheritdoc/>
    public void OnNext(byte[] key, FlowStatus? value)
    {
        var flowId = FlowId.FromKey(key);
        if (value is null)
        {
            if (content.Statuses.TryRemove(flowId, out FlowStatus? gone)) Place(gone, static (places, place) => places.Remove(place));
            return;
        }

        bool known = content.Statuses.TryGetValue(flowId, out FlowStatus? former);
        content.Statuses[flowId] = value;
        if (!known || former!.CreatedAt != value.CreatedAt)
        {
            if (known) Place(former!, static (places, place) => places.Remove(place));
            Place(value, static (places, place) => places.Add(place));
        }

        waiters.Tell(value);
    }

    private static int FirstAfter(ImmutableSortedSet<StatusCursor> places, StatusCursor? after)
    {
        if (after is not { } cursor) return 0;
        int found = places.IndexOf(cursor);
        return found >= 0 ? found + 1 : ~found;
    }

    private void Place(FlowStatus status, Func<ImmutableSortedSet<StatusCursor>, StatusCursor, ImmutableSortedSet<StatusCursor>> change)
    {
        // Only the thread that follows the topic writes; readers keep the set they have.
        string node = status.Identity.ShortHash;
        content.ByNode[node] = change(content.ByNode.GetValueOrDefault(node, []), StatusCursor.Of(status));
    }

    private sealed class Content
    {
        public ConcurrentDictionary<FlowId, FlowStatus> Statuses { get; } = new();

        public ConcurrentDictionary<string, ImmutableSortedSet<StatusCursor>> ByNode { get; } = new(StringComparer.OrdinalIgnoreCase);
    }
}
