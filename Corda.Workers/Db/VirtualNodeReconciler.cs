using System.Text;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Db;

/// <summary>Follows <c>virtual.node.info</c> and tells what must be published so that the topic says what the table says. Thread-safe.</summary>
internal sealed class VirtualNodeReconciler : ICompactedProcessor<VirtualNodeInfo>
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource snapshotTaken = New();
    private Dictionary<string, VirtualNodeInfo> published = [];
    private TaskCompletionSource change = New();

    /// <summary>Completes when the topic was read for the first time; before that, nobody knows what it says.</summary>
    public Task SnapshotTaken => snapshotTaken.Task;

    /// <summary>A record for every virtual node that is new or has changed, a tombstone for every one that is gone. Empty where all is well.</summary>
    public IReadOnlyList<Record> Difference(IReadOnlyCollection<VirtualNodeInfo> table)
    {
        lock (gate)
        {
            IEnumerable<Record> changed = table
                .Where(node => !AreSame(published.GetValueOrDefault(node.Identity.ShortHash), node))
                .Select(node => Record.Of(Topics.VirtualNodeInfo, Key(node.Identity.ShortHash), node));
            IEnumerable<Record> gone = published.Keys
                .Except(table.Select(node => node.Identity.ShortHash), StringComparer.Ordinal)
                .Select(shortHash => Record.Of(Topics.VirtualNodeInfo, Key(shortHash), value: null));
            return [.. changed, .. gone];
        }
    }

    /// <summary>Completes when the topic, as it is read here, says what the table says.</summary>
    public async Task Says(IReadOnlyCollection<VirtualNodeInfo> table, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate) next = change.Task;
            if (Difference(table).Count == 0) return;
            await next.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], VirtualNodeInfo>> values)
    {
        lock (gate)
        {
            published = values.ToDictionary(pair => ShortHash(pair.Key), pair => pair.Value, StringComparer.Ordinal);
            TellOfChange();
        }

        snapshotTaken.TrySetResult();
    }

    /// <inheritdoc/>
    public void OnNext(byte[] key, VirtualNodeInfo? value)
    {
        lock (gate)
        {
            if (value is null) published.Remove(ShortHash(key));
            else published[ShortHash(key)] = value;
            TellOfChange();
        }
    }

    private static bool AreSame(VirtualNodeInfo? published, VirtualNodeInfo node) =>
        published is not null
        && published with { Cpi = node.Cpi } == node
        && published.Cpi with { PackageHashes = node.Cpi.PackageHashes } == node.Cpi
        && published.Cpi.PackageHashes.SequenceEqual(node.Cpi.PackageHashes, StringComparer.Ordinal);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void TellOfChange()
    {
        change.TrySetResult();
        change = New();
    }

    private static byte[] Key(string shortHash) => Encoding.UTF8.GetBytes(shortHash);

    private static string ShortHash(byte[] key) => Encoding.UTF8.GetString(key);
}
