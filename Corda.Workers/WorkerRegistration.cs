using System.Diagnostics;
using Corda.Workers.Cluster;
using Corda.Workers.Contracts;
using Corda.Workers.Db;
using Corda.Workers.Flow;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Corda.Workers.Messaging.Bus.Kafka;
using Corda.Workers.Packaging;
using Corda.Workers.Rpc;
using Corda.Workers.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Corda.Workers;

/// <summary>The one place where roles become running services, and where it is decided what they share.</summary>
internal static class WorkerRegistration
{
    /// <summary>Adds the bus, the packages and the roles that the options name.</summary>
    public static void AddCordaWorkers(this IServiceCollection services, CordaOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<WorkersService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<WorkersService>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<BusProbe>(provider, options.Health));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<WorkerHealth>(provider, options.Health));
        AddShared(services, options);

        IReadOnlySet<WorkerRole> roles = CordaOptionsReader.Roles(options);
        if (roles.Contains(WorkerRole.Db)) AddDb(services, options);
        if (roles.Contains(WorkerRole.Flow)) AddFlow(services, options);
        if (roles.Contains(WorkerRole.Rpc)) AddRpc(services, options);
    }

    private static void AddShared(IServiceCollection services, CordaOptions options)
    {
        bool inMemory = options.Bus.Type == BusType.InMemory;
        if (!inMemory) services.AddSingleton(_ => new DataFolder(options.DataFolder));
        services.AddSingleton(provider => new ObservedBus(OpenBus(provider, options), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IMessageBus>(provider => provider.GetRequiredService<ObservedBus>());
        services.AddSingleton(provider => Identity(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Subscriptions(new PatternContext(
            provider.GetRequiredService<IMessageBus>(),
            provider.GetRequiredService<WorkerIdentity>().Id,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("Corda.Workers.Messaging"))));
        services.AddSingleton(provider => Cluster(provider, options));
        services.AddSingleton<IFlowPackages>(provider =>
            new FlowPackageStore(options.Network.FlowPackages, inMemory ? null : provider.GetRequiredService<DataFolder>().FullPath));
    }

    private static IMessageBus OpenBus(IServiceProvider provider, CordaOptions options) => options.Bus.Type switch
    {
        BusType.Kafka => ActivatorUtilities.CreateInstance<KafkaBus>(provider, options.Bus.Kafka),
        BusType.InMemory => Embedded(provider, options, new MemoryLogStore()),
        BusType.Embedded => Embedded(provider, options, new SqliteLogStore(new SqliteSettings
        {
            Folder = provider.GetRequiredService<DataFolder>().SubFolder("bus"),
            SurvivesPowerLoss = options.Bus.SurvivesPowerLoss,
            FileBytesMax = options.Bus.FileBytesMax,
        })),
        _ => throw new UnreachableException($"BusType {options.Bus.Type}"),
    };

    private static EmbeddedBus Embedded(IServiceProvider provider, CordaOptions options, ILogStore store) =>
        ActivatorUtilities.CreateInstance<EmbeddedBus>(provider, store, options.Bus.Embedded);

    // Alone on a bus of its own, a process need not be told from others.
    private static WorkerIdentity Identity(CordaOptions options, TimeProvider time) =>
        new(options.Bus.Type == BusType.Kafka ? options.Worker.Id ?? WorkerIdentity.FreshId() : "0", time.GetUtcNow());

    private static ClusterService Cluster(IServiceProvider provider, CordaOptions options)
    {
        ObservedBus bus = provider.GetRequiredService<ObservedBus>();
        TimeProvider time = provider.GetRequiredService<TimeProvider>();
        ILogger logger = provider.GetRequiredService<ILogger<ClusterService>>();

        // Asked for later: the workers are made after the cluster is.
        long? StandbyLag() => provider.GetRequiredService<WorkersService>().Workers.Select(static worker => worker.StandbyLag).FirstOrDefault(static lag => lag is not null);
        var self = new SelfPortrait(provider.GetRequiredService<WorkerIdentity>(), CordaOptionsReader.Roles(options), bus, StandbyLag);
        return options.Bus.Type == BusType.Kafka
            ? ClusterService.Among(self, options.Cluster, bus, provider.GetRequiredService<Subscriptions>(), time, logger)
            : ClusterService.Alone(self, bus, time, logger);
    }

    private static void AddDb(IServiceCollection services, CordaOptions options)
    {
        services.AddSingleton(provider => options.Bus.Type == BusType.InMemory
            ? ClusterDatabase.InMemory()
            : ClusterDatabase.InFile(Path.Combine(provider.GetRequiredService<DataFolder>().FullPath, "cluster.db")));
        AddWorker(services, (subscriptions, provider) =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            var reconciler = new VirtualNodeReconciler();
            return new DbWorker(
                provider.GetRequiredService<ClusterDatabase>(),
                StaticNetwork.Of(options.Network, provider.GetRequiredService<IFlowPackages>().Current, time.GetUtcNow()),
                reconciler,
                subscriptions.Compacted(Topics.VirtualNodeInfo, reconciler),
                subscriptions.Publisher("db-worker"),
                time,
                provider.GetRequiredService<ILogger<DbWorker>>());
        });
    }

    private static void AddFlow(IServiceCollection services, CordaOptions options)
    {
        services.TryAddSingleton<IFrameStore, FrameStore>();
        AddWorker(services, (subscriptions, provider) =>
        {
            var nodes = new Flow.VirtualNodeView();
            var processor = FlowEventProcessor.Create(
                nodes,
                provider.GetRequiredService<IFlowPackages>(),
                provider.GetRequiredService<IFrameStore>(),
                options.Flow,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILoggerFactory>());
            var settings = new StateAndEventSettings<Checkpoint, FlowEvent>(
                "flow", "flow-worker", Topics.FlowEvent, Topics.FlowState.Codec, provider.GetRequiredService<WorkerIdentity>().Id)
            {
                Lanes = options.Flow.Lanes,
                StepTimeout = options.Flow.StepTimeout,
                AttemptsMax = options.Flow.RetryAttemptsMax,
                RetryDelayMax = options.Flow.RetryDelayMax,
                AlwaysRestoreFromBytes = options.Flow.AlwaysRestoreFromBytes,
                StateCache = options.Bus.Type == BusType.InMemory ? null : StateCache(provider, options.Flow),

                // Alone on its bus a process owns every partition: there is nothing to follow.
                KeepsWarmStates = options.Flow.WarmStandby && options.Bus.Type == BusType.Kafka,
            };
            return new FlowWorker(nodes, subscriptions.Compacted(Topics.VirtualNodeInfo, nodes), subscriptions.StateAndEvent(settings, processor));
        });
    }

    private static StateCache StateCache(IServiceProvider provider, FlowOptions options) => new(
        provider.GetRequiredService<DataFolder>().SubFolder("state-cache"),
        options.StateCacheBytes,
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILoggerFactory>().CreateLogger("Corda.Workers.Messaging"));

    private static void AddRpc(IServiceCollection services, CordaOptions options)
    {
        services.AddSingleton(options.Rpc);
        services.AddSingleton<Rpc.VirtualNodeView>();
        if (options.Bus.Type != BusType.InMemory)
        {
            services.AddSingleton(provider => new SpillTable(Path.Combine(provider.GetRequiredService<DataFolder>().FullPath, "statuses.db")));
        }

        services.AddSingleton<FlowStatusView>();
        services.AddSingleton<StartableFlows>();
        services.AddSingleton(provider => new WatchedPublisher(
            provider.GetRequiredService<Subscriptions>().Publisher("rpc-worker"), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IPublisher>(provider => provider.GetRequiredService<WatchedPublisher>());
        services.AddSingleton<FlowStarter>();
        services.AddSingleton<FlowKiller>();
        services.AddSingleton<DeadLetterReader>();
        AddWorker(services, (subscriptions, provider) => new RpcWorker(
            subscriptions.Compacted(Topics.VirtualNodeInfo, provider.GetRequiredService<Rpc.VirtualNodeView>()),
            subscriptions.Compacted(Topics.FlowStatus, provider.GetRequiredService<FlowStatusView>()),
            provider.GetRequiredService<WatchedPublisher>()));
    }

    private static void AddWorker(IServiceCollection services, WorkerFactory factory) => services.AddSingleton(factory);
}
