using System.Collections.Concurrent;
using System.Collections.Immutable;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Storage;

namespace Corda.Workers.Rpc;

/// <summary>
/// Where client-started flows stand: as this process has seen it on <c>flow.status</c>, and which starts it has published that no flow worker has
/// confirmed yet. Read on any thread. A flow's terminal status goes when its flow worker forgets the flow (<c>Corda:Flow:ClientFlowRetention</c>)
/// and publishes a tombstone.
/// </summary>
internal sealed class FlowStatusView(TimeProvider time, RpcOptions options, SpillTable? spill = null) : ICompactedProcessor<FlowStatus>
{
    private readonly StatusWaiters waiters = new();

    // Taken by whoever changes the content: the thread that follows the topic, and requests that have published a start.
    private readonly Lock changing = new();
    private readonly ConcurrentDictionary<FlowId, FlowStatus> requested = new();
    private volatile Content content = new(new KnownStatuses(spill, options.EndedStatusBytesMax));

    /// <summary>Whether the topic was read; before that, an unknown flow may only be one not seen yet.</summary>
    public bool Loaded { get; private set; }

    /// <summary>How many starts wait for a flow worker to confirm them.</summary>
    public int RequestedCount => requested.Count;

    /// <summary>The status of a flow, START_REQUESTED for a start that is not confirmed yet, or null for an unknown flow.</summary>
    public FlowStatus? Find(FlowId flowId) => FindConfirmed(flowId) ?? requested.GetValueOrDefault(flowId) ?? FindConfirmed(flowId);

    /// <summary>The status of a flow of which a flow worker has told, or null.</summary>
    public FlowStatus? FindConfirmed(FlowId flowId) => content.Statuses.Find(flowId);

    /// <summary>The start under this id that this process has published and no flow worker has confirmed yet; null for none.</summary>
    public FlowStatus? FindRequested(FlowId flowId) => requested.GetValueOrDefault(flowId);

    /// <summary>A start is durable on the bus: it is shown as START_REQUESTED until a flow worker has told of the flow.</summary>
    public void OnRequested(FlowStatus start)
    {
        lock (changing)
        {
            // Its flow worker may have been faster than the one who published it.
            if (content.Statuses.Contains(start.FlowId) || !requested.TryAdd(start.FlowId, start)) return;
            Place(start, static (places, place) => places.Add(place));
        }
    }

    /// <summary>The flows of a virtual node, newest first.</summary>
    /// <param name="shortHash">The virtual node.</param>
    /// <param name="state">Only flows in this state; null for all.</param>
    /// <param name="after">The <see cref="StatusPage.Next"/> of the page before; null for the first.</param>
    /// <param name="countMax">The size of the page.</param>
    public StatusPage List(string shortHash, FlowState? state, StatusCursor? after, int countMax)
    {
        if (!content.ByNode.TryGetValue(shortHash, out ImmutableSortedSet<StatusCursor>? places)) return new StatusPage([], null);

        var flows = new List<FlowStatus>();
        for (int place = FirstAfter(places, after); place < places.Count; place++)
        {
            // A tombstone may have taken the flow since the places were read.
            if (Find(places[place].FlowId) is not { } status || (state is not null && status.State != state)) continue;
            if (flows.Count == countMax) return new StatusPage(flows, StatusCursor.Of(flows[^1]));
            flows.Add(status);
        }

        return new StatusPage(flows, null);
    }

    /// <summary>Waits until a flow's confirmed status, the present one included, meets a condition.</summary>
    /// <returns>That status, or null when the time was up.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<FlowStatus?> WaitFor(FlowId flowId, Func<FlowStatus, bool> condition, TimeSpan wait, CancellationToken cancellationToken)
    {
        using StatusWaiters.Waiter waiter = waiters.Add(flowId, condition);
        if (FindConfirmed(flowId) is { } present) waiter.Tell(present);
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
        // The long part is nobody else's yet: who publishes a start meanwhile need not wait for it.
        var fresh = new Content(new KnownStatuses(spill, options.EndedStatusBytesMax));
        foreach (FlowStatus status in values.Select(pair => pair.Value)) fresh.Statuses.Put(status);
        foreach (var node in values.Select(pair => pair.Value).GroupBy(status => status.Identity.ShortHash))
        {
            fresh.ByNode[node.Key] = [.. node.Select(StatusCursor.Of)];
        }

        lock (changing)
        {
            foreach (FlowId confirmed in requested.Keys.Where(fresh.Statuses.Contains)) requested.TryRemove(confirmed, out _);
            content = fresh;
            foreach (FlowStatus waiting in requested.Values) Place(waiting, static (places, place) => places.Add(place));
        }

        Loaded = true;
        foreach ((_, FlowStatus status) in values) waiters.Tell(status);
    }

    /// <inheritdoc/>
    public void OnNext(byte[] key, FlowStatus? value)
    {
        var flowId = FlowId.FromKey(key);
        lock (changing)
        {
            if (value is null)
            {
                if (FindConfirmed(flowId) is not { } gone) return;
                content.Statuses.Remove(flowId);
                Place(gone, static (places, place) => places.Remove(place));
                return;
            }

            FlowStatus? former = Find(flowId);
            content.Statuses.Put(value);
            requested.TryRemove(flowId, out _);
            if (former?.CreatedAt != value.CreatedAt)
            {
                if (former is not null) Place(former, static (places, place) => places.Remove(place));
                Place(value, static (places, place) => places.Add(place));
            }
        }

        waiters.Tell(value);
    }

    private static int FirstAfter(ImmutableSortedSet<StatusCursor> places, StatusCursor? after)
    {
        if (after is not { } cursor) return 0;
        int found = places.IndexOf(cursor);
        return found >= 0 ? found + 1 : ~found;
    }

    // Readers keep the set they have.
    private void Place(FlowStatus status, Func<ImmutableSortedSet<StatusCursor>, StatusCursor, ImmutableSortedSet<StatusCursor>> change)
    {
        string node = status.Identity.ShortHash;
        content.ByNode[node] = change(content.ByNode.GetValueOrDefault(node, []), StatusCursor.Of(status));
    }

    private sealed class Content(KnownStatuses statuses)
    {
        public KnownStatuses Statuses => statuses;

        public ConcurrentDictionary<string, ImmutableSortedSet<StatusCursor>> ByNode { get; } = new(StringComparer.OrdinalIgnoreCase);
    }
}
