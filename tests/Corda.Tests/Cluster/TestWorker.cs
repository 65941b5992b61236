using System.Collections.Concurrent;
using System.Net;
using Corda.Tests.Messaging;
using Corda.Tests.Support;
using Corda.Workers;
using Corda.Workers.Cluster;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Cluster;

/// <summary>A process of a cluster, in all but name: its own connection to the shared bus, its own listener behind a gate, one member of a group.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    public static readonly Topic<Text> Work = new("test.work", Routing.Hash, Cleanup.Delete, new TextCodec());

    private readonly ISubscription member;
    private bool ended;

    public TestWorker(IMessageBus shared, string id, ClusterOptions? options = null, WorkerRole role = WorkerRole.Flow, DateTimeOffset? startedAt = null)
    {
        Line = new BusLine(shared);
        Bus = new ObservedBus(Line, TimeProvider.System);
        Identity = new WorkerIdentity(id, startedAt ?? TimeProvider.System.GetUtcNow());
        var context = new PatternContext(Bus, id, TimeProvider.System, Log) { PollWait = TimeSpan.FromMilliseconds(20) };
        var subscriptions = new Subscriptions(context);
        ClusterOptions own = options ?? new ClusterOptions { BeatInterval = TimeSpan.FromMilliseconds(50) };
        own = own with { Liveness = own.Liveness with { Advertise = Gate.Address, Listen = $"127.0.0.1:{FreePort()}" } };
        Gate.Target = IPEndPoint.Parse(own.Liveness.Listen);
        Service = ClusterService.Among(
            new SelfPortrait(Identity, new HashSet<WorkerRole> { role }, Bus, static () => null), own, Bus, subscriptions, TimeProvider.System, Log);
        member = subscriptions.Durable("test-group", Work, new Worked(Seen));
    }

    public WorkerIdentity Identity { get; }

    public Gate Gate { get; } = new();

    public RecordingLogger Log { get; } = new();

    public ObservedBus Bus { get; }

    /// <summary>Its connection to the bus.</summary>
    public BusLine Line { get; }

    public ClusterService Service { get; }

    /// <summary>What the member was given.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    public int Partitions => Bus.Holdings.Members.Sum(static one => one.Partitions.Count);

    public TestWorker Start()
    {
        Service.Start();
        member.Start();
        return this;
    }

    /// <summary>How it knows another worker; null for not at all.</summary>
    public Evidence? Knows(TestWorker other) => Service.Workers.FirstOrDefault(one => WorkerIdentity.Of(one.Presence) == other.Identity)?.Evidence;

    /// <summary>kill -9: no word to anybody, and the kernel closes its connections.</summary>
    public void Kill()
    {
        Line.Cut();
        Gate.Close();
    }

    /// <summary>SIGSTOP: no word to anybody, and the kernel keeps its connections.</summary>
    public void StandStill()
    {
        Line.Cut();
        Gate.Freeze();
    }

    /// <summary>An orderly end.</summary>
    public async Task End()
    {
        ended = true;
        Service.Drain();
        await member.DisposeAsync();
        await Service.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!ended) await End();
        await Gate.DisposeAsync();
    }

    public override string ToString() => $"{Identity.Id}: {Partitions} partitions, knows [{string.Join(", ", Service.Workers.Select(w => $"{w.Presence.WorkerId} {w.Evidence}"))}]\n{Log.Tail()}";

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Worked(ConcurrentQueue<string> seen) : IDurableProcessor<Text>
    {
        public IReadOnlyList<Record> OnNext(IReadOnlyList<KeyValuePair<byte[], Text?>> records)
        {
            foreach ((_, Text? value) in records) seen.Enqueue(value!.Value);
            return [];
        }
    }
}
