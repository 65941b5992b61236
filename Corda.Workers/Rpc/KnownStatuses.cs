using System.Collections.Concurrent;
using Corda.Workers.Contracts;
using Corda.Workers.Storage;

namespace Corda.Workers.Rpc;

/// <summary>
/// Statuses by flow. Those of ended flows stay in memory within a budget; beyond it the oldest of them move to a file, and are read from there when asked
/// for. One thread changes it, any may read.
/// </summary>
/// <param name="spill">The file; null keeps all in memory.</param>
/// <param name="endedBytesMax">The budget: roughly the bytes of the texts of ended flows' statuses.</param>
internal sealed class KnownStatuses(SpillTable? spill, long endedBytesMax)
{
    private readonly ConcurrentDictionary<FlowId, FlowStatus?> statuses = new();
    private readonly Queue<FlowStatus> ended = new();
    private long endedBytes;

    /// <summary>How many statuses are in memory.</summary>
    public int InMemory => statuses.Values.Count(status => status is not null);

    public bool Contains(FlowId flowId) => statuses.ContainsKey(flowId);

    public FlowStatus? Find(FlowId flowId)
    {
        if (!statuses.TryGetValue(flowId, out FlowStatus? status)) return null;
        if (status is not null) return status;
        // Written before it left the memory; gone only where a tombstone or a new status has come since.
        return spill!.Find(flowId.ToKey()) is { } bytes ? Topics.FlowStatus.Codec.Decode(bytes) : statuses.GetValueOrDefault(flowId);
    }

    /// <summary>Takes a status in place of the former one.</summary>
    public void Put(FlowStatus status)
    {
        statuses[status.FlowId] = status;
        if (spill is null || !status.State.IsTerminal()) return;

        ended.Enqueue(status);
        endedBytes += BytesOf(status);
        while (endedBytes > endedBytesMax && Spill(ended.Peek())) endedBytes -= BytesOf(ended.Dequeue());
    }

    /// <summary>Forgets a flow.</summary>
    public void Remove(FlowId flowId)
    {
        if (statuses.TryRemove(flowId, out FlowStatus? status) && status is null) spill!.Remove(flowId.ToKey());
    }

    private static int BytesOf(FlowStatus status) => 512 + (2 * ((status.Result?.Length ?? 0) + (status.Error?.Message.Length ?? 0)));

    private bool Spill(FlowStatus status)
    {
        // Another status may have taken its place, or a tombstone.
        if (!ReferenceEquals(statuses.GetValueOrDefault(status.FlowId), status)) return true;
        try
        {
            spill!.Put(status.FlowId.ToKey(), Topics.FlowStatus.Encode(status));
        }
        catch (StorageException)
        {
            // A full disk: memory is all there is until it has room. The bus tells the operator, for it writes to the same one.
            return false;
        }

        statuses[status.FlowId] = null;
        return true;
    }
}
