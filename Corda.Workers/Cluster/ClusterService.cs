using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Cluster;

/// <summary>This worker's part in the cluster: tells of itself, watches the others, evicts the dead. On a bus of one process it only knows itself. Thread-safe.</summary>
internal sealed class ClusterService : IAsyncDisposable
{
    private readonly SelfPortrait self;
    private readonly ObservedBus bus;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Mesh? mesh;
    private int disposed;

    private ClusterService(SelfPortrait self, ObservedBus bus, Mesh? mesh, TimeProvider time, ILogger logger) =>
        (this.self, this.bus, this.mesh, this.time, this.logger) = (self, bus, mesh, time, logger);

    /// <summary>All workers of the cluster, this one first.</summary>
    public IReadOnlyList<KnownWorker> Workers => [new KnownWorker(self.Now(), Evidence.Self, time.GetUtcNow()), .. mesh?.Loop.Workers ?? []];

    /// <summary>How the following of the others is; null on a bus of one process.</summary>
    public SubscriptionHealth? Health => mesh?.Following.Health;

    /// <summary>A worker alone on a bus of its own process.</summary>
    public static ClusterService Alone(SelfPortrait self, ObservedBus bus, TimeProvider time, ILogger logger) => new(self, bus, mesh: null, time, logger);

    /// <summary>A worker among others. Listens from now on; the rest begins with <see cref="Start"/>.</summary>
    /// <exception cref="CordaOptionsException">The listening address cannot be used.</exception>
    public static ClusterService Among(
        SelfPortrait self, ClusterOptions options, ObservedBus bus, Subscriptions subscriptions, TimeProvider time, ILogger logger) =>
        new(self, bus, Mesh.Open(self, options, bus, subscriptions, time, logger), time, logger);

    /// <summary>Begins; returns at once.</summary>
    public void Start()
    {
        if (mesh is null) return;
        ClusterLog.Started(logger, self.Identity, self.Liveness.Address);
        bus.Changed = mesh.Publisher.Changed;
        mesh.Following.Start();

        // A former life of this worker is known by its presence, which the first beat would overwrite.
        _ = mesh.Loop.Loaded.ContinueWith(_ => mesh.Publisher.Start(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>From now on this worker says that it goes, and evicts nobody.</summary>
    public void Drain()
    {
        self.Draining = true;
        mesh?.Publisher.Changed();
    }

    /// <summary>The end, after the roles have left their groups: this worker's presence is taken away.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1) return;
        Drain();
        if (mesh is null) return;
        bus.Changed = null;
        await mesh.DisposeAsync();
    }

    private sealed record Mesh(ClusterLoop Loop, PresencePublisher Publisher, IPublisher Bus, ISubscription Following, LivenessListener Listener, LivenessTls? Tls)
        : IAsyncDisposable
    {
        public static Mesh Open(SelfPortrait self, ClusterOptions options, ObservedBus bus, Subscriptions subscriptions, TimeProvider time, ILogger logger)
        {
            LivenessTls? tls = options.Liveness.Certificate is null ? null : new LivenessTls(options.Liveness);
            LivenessListener listener = LivenessAddress.Listen(self.Identity, options.Liveness, tls, logger);
            self.Liveness = (LivenessAddress.ToTell(options.Liveness, listener.Address), NetworkPlace.Here);
            IPublisher publisher = subscriptions.Publisher("cluster");
            var presences = new PresencePublisher(self, publisher, options.BeatInterval, time, logger);
            var loop = new ClusterLoop(self, options, bus, presences, new LivenessDialer(self.Identity, tls), time, logger);
            ISubscription following = subscriptions.Compacted(Topics.WorkerPresence, new PresenceProcessor(loop.Post));
            return new Mesh(loop, presences, publisher, following, listener, tls);
        }

        public async ValueTask DisposeAsync()
        {
            await Following.DisposeAsync();
            await Loop.DisposeAsync();
            await Publisher.DisposeAsync();

            // Last: as long as it listens, nobody takes an orderly end for a death.
            await Listener.DisposeAsync();
            await Bus.DisposeAsync();
            Tls?.Dispose();
        }
    }
}
