using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Cluster;

/// <summary>One life of another worker, as this one knows it. Belongs to <see cref="ClusterLoop"/>.</summary>
internal sealed class Peer(WorkerPresence presence)
{
    public WorkerIdentity Identity { get; } = WorkerIdentity.Of(presence);

    /// <summary>What it said last.</summary>
    public WorkerPresence Presence { get; private set; } = presence;

    /// <summary>When it said that.</summary>
    public DateTimeOffset HeardAt { get; private set; }

    /// <summary>The time of the bus at that moment; see <see cref="BusTime"/>.</summary>
    public TimeSpan HeardAtBusTime { get; private set; }

    /// <summary>Watches its process; null where it cannot be watched from here.</summary>
    public LivenessWatch? Watch { get; set; }

    public Verdict Verdict { get; set; }

    /// <summary>An eviction is planned or under way.</summary>
    public bool Condemned { get; set; }

    /// <summary>The time of the bus when it last was.</summary>
    public TimeSpan CondemnedAtBusTime { get; set; }

    public DeadWorker Remains => new(
        Identity.ToString(), Presence.TransactionalIds, [.. Presence.Members.Select(static member => new GroupMemberId(member.Group, member.MemberId))]);

    public void Heard(WorkerPresence said, TimeSpan busTime, DateTimeOffset now) => (Presence, HeardAtBusTime, HeardAt) = (said, busTime, now);
}
