using System.Collections.Concurrent;
using System.Reflection;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Cluster;

/// <summary>What this worker says of itself. Thread-safe.</summary>
internal sealed class SelfPortrait(WorkerIdentity identity, IReadOnlySet<WorkerRole> roles, ObservedBus bus, Func<long?> standbyLag)
{
    private static readonly string Version =
        typeof(SelfPortrait).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private readonly ConcurrentDictionary<WorkerIdentity, bool> evicting = new();
    private long beat;

    public WorkerIdentity Identity => identity;

    public IReadOnlySet<WorkerRole> Roles => roles;

    /// <summary>Where this worker can be watched, and in which network; set before the first presence.</summary>
    public (string Address, string Place) Liveness { get; set; } = ("", "");

    /// <summary>Whether this worker is about to go.</summary>
    public bool Draining { get; set; }

    /// <summary>This worker begins to evict another, or has ended it.</summary>
    public void Evicts(WorkerIdentity worker, bool begins)
    {
        if (begins) evicting[worker] = true;
        else evicting.TryRemove(worker, out _);
    }

    /// <summary>Whether this worker is evicting that one just now.</summary>
    public bool IsEvicting(WorkerIdentity worker) => evicting.ContainsKey(worker);

    /// <summary>The presence of this moment, with the next beat.</summary>
    public WorkerPresence Next() => Of(Interlocked.Increment(ref beat));

    /// <summary>The presence of this moment, for those who ask here.</summary>
    public WorkerPresence Now() => Of(Interlocked.Read(ref beat));

    private WorkerPresence Of(long number)
    {
        BusHoldings held = bus.Holdings;
        return new WorkerPresence(
            identity.Id,
            identity.StartedAt,
            number,
            Draining ? WorkerPhase.Draining : WorkerPhase.Running,
            Version,
            [.. roles.Order().Select(static role => role.ToString().ToLowerInvariant())],
            Liveness.Place,
            Liveness.Address,
            [.. held.TransactionalIds],
            [.. held.Members.Select(static one => new PresentMember(
                one.Member.Group,
                one.Member.MemberId,
                [.. one.Partitions.Select(static partition => new PresentPartition(partition.Topic, partition.Partition))],
                one.LastCommitAt))],
            standbyLag(),
            [.. evicting.Keys.Select(static worker => worker.ToString())]);
    }
}
