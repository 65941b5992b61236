using System.Text;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Cluster;

/// <summary>Hands on what the topic of presences says.</summary>
internal sealed class PresenceProcessor(Action<ClusterEvent> post) : ICompactedProcessor<WorkerPresence>
{
    /// <inheritdoc/>
    public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], WorkerPresence>> values) =>
        post(new ClusterEvent.Snapshot([.. values.Select(static entry => entry.Value)]));

    /// <inheritdoc/>
    public void OnNext(byte[] key, WorkerPresence? value) =>
        post(value is null ? new ClusterEvent.Removed(Encoding.UTF8.GetString(key)) : new ClusterEvent.Seen(value));
}
