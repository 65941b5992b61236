using System.Diagnostics;
using System.Threading.Channels;
using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Cluster;

/// <summary>
/// The picture that this worker has of the others, and what follows from it: whom to watch, whom to evict. All that happens is queued and worked off in order by
/// one task, which alone touches the picture; <see cref="Post"/> and <see cref="Workers"/> are for any thread.
/// </summary>
/// <remarks>
/// Two kinds of evidence. A closed connection that is refused on retry: the process is dead, evict at once. Silence, which may be ours as well as the other's:
/// it is measured by a clock that own beats drive which come back over the bus (<see cref="BusTime"/>), so that neither a pause of this process nor one of the bus
/// is taken for the death of all others. Wrong evidence costs the suspect one rejoin: it is fenced, joins anew, and its next beat shows it again.
/// </remarks>
internal sealed class ClusterLoop : IAsyncDisposable
{
    // Long enough for the first of the survivors to have done it, and for the word of it to have got round.
    private static readonly TimeSpan StandInDelay = TimeSpan.FromMilliseconds(300);

    private readonly SelfPortrait self;
    private readonly ClusterOptions options;
    private readonly IMessageBus bus;
    private readonly PresencePublisher publisher;
    private readonly ILivenessDialer dialer;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Channel<ClusterEvent> inbox = Channel.CreateUnbounded<ClusterEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, Peer> peers = new(StringComparer.Ordinal);
    private readonly HashSet<WorkerIdentity> wronglyTakenForDead = [];
    private readonly HashSet<WorkerIdentity> evicted = [];
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BusTime busTime;
    private readonly Task working;
    private readonly ITimer ticks;
    private volatile IReadOnlyList<KnownWorker> workers = [];

    public ClusterLoop(
        SelfPortrait self, ClusterOptions options, IMessageBus bus, PresencePublisher publisher, ILivenessDialer dialer, TimeProvider time, ILogger logger)
    {
        (this.self, this.options, this.bus, this.publisher, this.dialer, this.time, this.logger) = (self, options, bus, publisher, dialer, time, logger);
        busTime = new BusTime(options.BeatInterval, time);
        working = Work();
        ticks = time.CreateTimer(_ => Post(new ClusterEvent.Tick()), state: null, options.BeatInterval, options.BeatInterval);
    }

    /// <summary>The others. Any thread.</summary>
    public IReadOnlyList<KnownWorker> Workers => workers;

    /// <summary>Completes with the first snapshot.</summary>
    public Task Loaded => loaded.Task;

    /// <summary>Something has happened. Any thread; returns at once.</summary>
    public void Post(ClusterEvent what) => inbox.Writer.TryWrite(what);

    public async ValueTask DisposeAsync()
    {
        await ticks.DisposeAsync();
        inbox.Writer.TryComplete();
        await working;
        foreach (Peer peer in peers.Values) await EndWatch(peer);
    }

    private async Task Work()
    {
        await foreach (ClusterEvent what in inbox.Reader.ReadAllAsync())
        {
            try
            {
                await Handle(what);
                workers = [.. peers.Values.OrderBy(static peer => peer.Identity.Id, StringComparer.Ordinal).Select(KnownWorker.Of)];
            }
            catch (Exception cause)
            {
                // The picture mends itself with the next beats; without this loop nobody would ever be evicted again.
                ClusterLog.EventFailed(logger, what.ToString(), cause);
            }
        }
    }

    private async Task Handle(ClusterEvent what)
    {
        switch (what)
        {
            case ClusterEvent.Snapshot(IReadOnlyList<WorkerPresence> presences):
                await OnSnapshot(presences);
                break;
            case ClusterEvent.Seen(WorkerPresence presence):
                await OnSeen(presence);
                break;
            case ClusterEvent.Removed(string workerId):
                await OnRemoved(workerId);
                break;
            case ClusterEvent.Judged(WorkerIdentity worker, Verdict verdict, string reason):
                OnJudged(worker, verdict, reason);
                break;
            case ClusterEvent.Tick:
                LookForSilence();
                break;
            case ClusterEvent.EvictionDue(WorkerIdentity worker, string reason):
                if (Find(worker) is { Condemned: true } peer) OnEvictionDue(peer, reason);
                break;
            default:
                throw new UnreachableException($"ClusterEvent {what}");
        }
    }

    private async Task OnSnapshot(IReadOnlyList<WorkerPresence> presences)
    {
        HashSet<string> present = [.. presences.Select(static presence => presence.WorkerId)];
        foreach (string gone in peers.Keys.Where(id => !present.Contains(id)).ToList()) await OnRemoved(gone);
        foreach (WorkerPresence presence in presences)
        {
            if (presence.WorkerId == self.Identity.Id && WorkerIdentity.Of(presence) != self.Identity) EndFormerLife(presence);
            else await OnSeen(presence);
        }

        loaded.TrySetResult();
    }

    // Its transactional ids are this worker's own now, and opening them has fenced the former life.
    private void EndFormerLife(WorkerPresence former)
    {
        if (!options.Eviction.Enabled) return;
        Peer peer = new(former);
        ClusterLog.FormerLifeEnds(logger, peer.Identity);
        _ = bus.Evict(peer.Remains with { TransactionalIds = [] });
    }

    private async Task OnSeen(WorkerPresence presence)
    {
        WorkerIdentity worker = WorkerIdentity.Of(presence);
        if (worker.Id == self.Identity.Id)
        {
            if (worker == self.Identity) busTime.Beat();
            else if (worker.StartedAt > self.Identity.StartedAt) ClusterLog.IdIsTaken(logger, worker);
            return;
        }

        if (Find(worker) is not { } peer)
        {
            if (peers.Remove(worker.Id, out Peer? formerLife)) await EndWatch(formerLife);
            peers[worker.Id] = peer = new Peer(presence);
            if (evicted.Remove(worker)) OnBackFromTheDead(worker);
            else ClusterLog.WorkerSeen(logger, worker, string.Join(", ", presence.Roles));
            StartWatch(peer);
        }

        peer.Heard(presence, busTime.Now, time.GetUtcNow());
    }

    // What said that it was dead is not to be believed a second time: else a firewall that refuses would have it evicted with every beat.
    private void OnBackFromTheDead(WorkerIdentity worker)
    {
        wronglyTakenForDead.Add(worker);
        ClusterLog.WronglySuspected(logger, worker);
    }

    private async Task OnRemoved(string workerId)
    {
        if (workerId == self.Identity.Id && !self.Draining)
        {
            ClusterLog.TakenForDead(logger);
            publisher.Changed();
        }
        else if (peers.Remove(workerId, out Peer? peer))
        {
            if (peer.Presence.Phase == WorkerPhase.Running) Remember(evicted, peer.Identity);
            ClusterLog.WorkerGone(logger, peer.Identity);
            await EndWatch(peer);
        }
    }

    private void OnJudged(WorkerIdentity worker, Verdict verdict, string reason)
    {
        if (Find(worker) is not { } peer || (peer.Verdict == verdict && verdict != Verdict.Dead)) return;
        if (peer.Verdict != verdict) ClusterLog.Judged(logger, worker, verdict, reason);
        peer.Verdict = verdict;
        if (verdict == Verdict.Connected)
        {
            peer.Condemned = false;
            wronglyTakenForDead.Remove(worker);
        }
        else if (verdict == Verdict.Dead && !wronglyTakenForDead.Contains(worker))
        {
            Condemn(peer, reason);
        }
    }

    private void LookForSilence()
    {
        foreach (Peer peer in peers.Values)
        {
            TimeSpan silence = busTime.Now - peer.HeardAtBusTime;
            if (silence < options.SilenceTimeout) continue;

            // An eviction that has been under way for so long has failed, or the one who was to do it has. Whose process is connected was hit by the first: its beats may
            // be all that does not get through, and every further one would cost it what it has begun since.
            bool isOverdue = busTime.Now - peer.CondemnedAtBusTime >= options.SilenceTimeout && peer.Verdict != Verdict.Connected && !self.IsEvicting(peer.Identity);
            if (isOverdue) peer.Condemned = false;
            Condemn(peer, $"silent for {silence.TotalSeconds:0.0} s");
        }
    }

    private void Condemn(Peer peer, string reason)
    {
        if (peer.Condemned || self.Draining) return;
        peer.Condemned = true;
        peer.CondemnedAtBusTime = busTime.Now;
        int place = EvictionOrder.PlaceOf(peer.Identity, self.Identity, Survivors(peer));
        ClusterLog.EvictionPlanned(logger, peer.Identity, reason, place);
        var due = new ClusterEvent.EvictionDue(peer.Identity, reason);
        if (place == 0) Post(due);
        else _ = PostLater(due, place * StandInDelay);
    }

    // Whoever does it twice hits the one who lives after all, and has joined anew in between.
    private void OnEvictionDue(Peer peer, string reason)
    {
        if (peers.Values.Any(other => IsEvicting(other, peer.Identity))) _ = PostLater(new ClusterEvent.EvictionDue(peer.Identity, reason), StandInDelay);
        else _ = Evict(peer.Identity, peer.Remains, reason);
    }

    private bool IsEvicting(Peer other, WorkerIdentity dead) =>
        other.Verdict == Verdict.Connected && other.Presence.Evicting.Contains(dead.ToString()) && busTime.Now - other.HeardAtBusTime < 4 * options.BeatInterval;

    private async Task PostLater(ClusterEvent what, TimeSpan delay)
    {
        await Task.Delay(delay, time);
        Post(what);
    }

    private IEnumerable<(WorkerIdentity Worker, bool SharesRole)> Survivors(Peer dead)
    {
        yield return (self.Identity, dead.Presence.Roles.Any(role => self.Roles.Any(own => own.ToString().Equals(role, StringComparison.OrdinalIgnoreCase))));
        foreach (Peer peer in peers.Values.Where(peer => peer != dead && peer is { Verdict: Verdict.Connected, Presence.Phase: WorkerPhase.Running }))
        {
            yield return (peer.Identity, dead.Presence.Roles.Intersect(peer.Presence.Roles).Any());
        }
    }

    // Beside the loop: it may take as long as the bus does. The presence goes last, and while it stands others will do what this worker could not.
    private async Task Evict(WorkerIdentity worker, DeadWorker remains, string reason)
    {
        try
        {
            self.Evicts(worker, begins: true);
            publisher.Changed();
            bool done = true;
            if (options.Eviction.Enabled)
            {
                long started = time.GetTimestamp();
                done = await bus.Evict(remains);
                ClusterLog.Evicted(logger, worker, reason, remains.TransactionalIds.Count, remains.Members.Count, time.GetElapsedTime(started).TotalMilliseconds, done);
            }

            if (done || reason.StartsWith("silent", StringComparison.Ordinal)) await publisher.Remove(worker.Id);
        }
        catch (Exception cause)
        {
            ClusterLog.EventFailed(logger, $"eviction of {worker}", cause);
        }
        finally
        {
            self.Evicts(worker, begins: false);
        }
    }

    private void StartWatch(Peer peer)
    {
        if (!NetworkPlace.CanReach(peer.Presence.LivenessAddress, peer.Presence.Host)) return;
        peer.Watch = new LivenessWatch(
            peer.Identity,
            peer.Presence.LivenessAddress,
            dialer,
            (worker, verdict, reason) => Post(new ClusterEvent.Judged(worker, verdict, reason)),
            time);
    }

    private static async ValueTask EndWatch(Peer peer)
    {
        if (peer.Watch is not null) await peer.Watch.DisposeAsync();
        peer.Watch = null;
    }

    private Peer? Find(WorkerIdentity worker) => peers.GetValueOrDefault(worker.Id) is { } peer && peer.Identity == worker ? peer : null;

    // Bounded: lives of long ago say nothing any more.
    private static void Remember(HashSet<WorkerIdentity> memory, WorkerIdentity worker)
    {
        if (memory.Count >= 1_000) memory.Clear();
        memory.Add(worker);
    }
}
