using System.Diagnostics;
using Corda.Workers.Flow;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Benchmarks.Kafka;

/// <summary>Our state-and-event, one lane, with a processor that only answers: the same batch and record sizes as the <see cref="BareTransactionLoop"/>.</summary>
/// <param name="bootstrap">The broker.</param>
/// <param name="partitions">Of every topic.</param>
/// <param name="copies">Where copies of the states are kept, and with it a follower of the states of others, as a flow worker has both; null for neither.</param>
internal sealed class StateAndEventOnKafka(string bootstrap, int partitions, string? copies = null)
{
    private const int EventBytes = 200;
    private const int StateBytes = 260; // With what a state record says beside its payload about 300, as in the bare loop.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int run;

    /// <summary>Events a second through one lane.</summary>
    /// <param name="batch">Events in a transaction.</param>
    /// <param name="duration">How long to measure.</param>
    public double EventsPerSecond(int batch, TimeSpan duration)
    {
        using Bench bench = new(bootstrap, partitions, batch, copies);
        int events = Math.Max(2_000, batch * 300);
        bench.Publish(events);
        using Scope lane = bench.Start();
        bench.WaitFor(Math.Min(batch, events));
        long before = bench.Committed;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration && bench.Committed < events - (2 * batch)) Thread.Sleep(1);
        return (bench.Committed - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>One event at a time: milliseconds from before it is published until a read-committed reader has its output.</summary>
    public IReadOnlyList<double> Latencies(int events)
    {
        using Bench bench = new(bootstrap, partitions, batch: 100, copies);
        using Scope lane = bench.Start();
        using IPartitionReader reader = bench.OpenOutputs();
        var taken = new List<double>(events);
        for (int i = -events / 10; i < events; i++)
        {
            long start = Stopwatch.GetTimestamp();
            bench.PublishOne(i);
            if (reader.Poll(1, Patience).Count == 0) throw new TimeoutException("No output came");
            if (i >= 0) taken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return taken;
    }

    private sealed class Bench : IDisposable
    {
        private readonly CountingBus bus;
        private readonly StateCache? cache;
        private readonly Subscriptions subscriptions;
        private readonly IPublisher publisher;
        private readonly Topic<byte[]> events;
        private readonly Topic<byte[]> outputs;
        private readonly int batch;
        private readonly int partitions;
        private readonly Processor processor;
        private readonly string id = $"ours-{Environment.ProcessId}-{Interlocked.Increment(ref run)}";

        public Bench(string bootstrap, int partitions, int batch, string? copies)
        {
            this.batch = batch;
            this.partitions = partitions;
            events = new Topic<byte[]>($"{id}-event", Routing.Prefix, Cleanup.Delete, new PlainCodec());
            outputs = new Topic<byte[]>($"{id}-out", Routing.Prefix, Cleanup.Delete, new PlainCodec());
            processor = new Processor(outputs);
            var options = new KafkaOptions { BootstrapServers = bootstrap, Partitions = partitions };
            bus = new CountingBus(new KafkaBus(options, TimeProvider.System, NullLogger<KafkaBus>.Instance), watched: outputs.Name);
            cache = copies is null ? null : new StateCache(
                Directory.CreateDirectory(Path.Combine(copies, id)).FullName, new FlowOptions().StateCacheBytes, TimeProvider.System, NullLogger.Instance);
            bus.EnsureTopics([new TopicSpec(events.Name, Cleanup.Delete), new TopicSpec(outputs.Name, Cleanup.Delete)]);
            subscriptions = new Subscriptions(new PatternContext(bus, "bench", TimeProvider.System, NullLogger.Instance));
            publisher = subscriptions.Publisher(id);
        }

        /// <summary>Outputs whose transaction has ended well.</summary>
        public long Committed => bus.Watched;

        public void Publish(int count)
        {
            foreach (int[] chunk in Enumerable.Range(0, count).Chunk(2_000))
            {
                publisher.PublishAsync([.. chunk.Select(n => Record.Of(events, Key(n), Payload.Of(n, EventBytes)))]).Wait();
            }
        }

        public void PublishOne(int n) => publisher.PublishAsync(Record.Of(events, Key(n), Payload.Of(n, EventBytes))).GetAwaiter().GetResult();

        public IPartitionReader OpenOutputs() =>
            bus.OpenReader([.. Enumerable.Range(0, partitions).Select(p => new TopicPartition(outputs.Name, p))], StartAt.End);

        public Scope Start()
        {
            var settings = new StateAndEventSettings<byte[], byte[]>(id, id, events, new PlainCodec(), id)
            {
                Lanes = 1,
                BatchMax = batch,
                StateCache = cache,
                KeepsWarmStates = cache is not null,
            };
            ISubscription subscription = subscriptions.StateAndEvent(settings, processor);
            subscription.Start();
            if (!SpinWait.SpinUntil(() => subscription.Health.Ready, Patience)) throw new TimeoutException($"Not ready: {subscription.Health}");
            return new Scope(subscription);
        }

        public void WaitFor(long outputs)
        {
            if (!SpinWait.SpinUntil(() => Committed >= outputs, Patience)) throw new TimeoutException($"{Committed} of {outputs} outputs");
        }

        public void Dispose() => bus.DisposeAsync().AsTask().Wait();

        private static byte[] Key(int n) => BitConverter.GetBytes(n * 7919);
    }

    /// <summary>A running subscription; ends with its disposal.</summary>
    private sealed class Scope(ISubscription subscription) : IDisposable
    {
        public void Dispose() => subscription.DisposeAsync().AsTask().Wait();
    }

    private sealed class PlainCodec : ICodec<byte[]>
    {
        public byte[] Encode(byte[] value) => value;

        public byte[] Decode(ReadOnlySpan<byte> bytes) => bytes.ToArray();
    }

    private sealed class Processor(Topic<byte[]> outputs) : IStateAndEventProcessor<byte[], byte[]>
    {
        private int steps;

        public Step<byte[]> OnEvent(byte[] key, byte[]? state, byte[] input, StepContext context) =>
            new(Payload.Of(Interlocked.Increment(ref steps), StateBytes), [Record.Of(outputs, key, input)]);

        public Step<byte[]> OnDue(byte[] key, byte[] state, StepContext context) => new(state, []);

        public IReadOnlyList<Record> OnParked(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => [];

        public Step<byte[]> OnAbandoned(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => new(state, []);
    }
}
