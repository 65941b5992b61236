using System.Buffers.Binary;
using System.Diagnostics;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Benchmarks;

/// <summary>State-and-event with a processor that does next to nothing: what the pattern itself costs, on the bus in memory and on its file.</summary>
internal static class StateAndEventMeasurements
{
    private const int ValueBytes = 300;
    private const int Events = 100_000;
    private const int Keys = 2_000;
    private const int OneByOne = 2_000;
    private const int ChainLength = 40;
    private const long CacheBytes = 128L * 1024 * 1024;

    private static readonly Topic<byte[]> EventTopic = new("bench.event", Routing.Prefix, Cleanup.Delete, new PlainCodec());
    private static readonly Topic<byte[]> OutTopic = new("bench.out", Routing.Prefix, Cleanup.Delete, new PlainCodec());

    private static StateCache? copies;

    public static void Run(string folder)
    {
        Measure("in memory", () => new MemoryLogStore());
        int opened = 0;
        Measure("SQLite, synced", () => new SqliteLogStore(new SqliteSettings { Folder = Path.Combine(folder, $"{opened++}") }));
        copies = new StateCache(Path.Combine(folder, "state-cache"), CacheBytes, TimeProvider.System, NullLogger.Instance);
        Measure("in memory, local copies written", () => new MemoryLogStore());
    }

    private static void Measure(string name, Func<ILogStore> store)
    {
        foreach (int lanes in new[] { 1, 2 })
        {
            Console.WriteLine($"{name}, {lanes} lanes: {Throughput(store(), lanes),9:F0} events/s in {Keys} keys");
        }

        Console.WriteLine($"{name}, one event at a time, published to answered (microseconds): {Latency(store())}");
        Console.WriteLine($"{name}, chains of {ChainLength} messages between two keys: {Chains(store()),9:F0} messages/s");
    }

    private static double Throughput(ILogStore store, int lanes)
    {
        using var all = new CountdownEvent(Events);
        var processor = new Processor { OnStep = () => all.Signal() };
        return WithBus(store, (bus, context, subscriptions) =>
        {
            IPublisher publisher = subscriptions.Publisher("bench");
            foreach (int[] chunk in Enumerable.Range(0, Events).Chunk(2_000))
            {
                publisher.PublishAsync([.. chunk.Select(n => Record.Of(EventTopic, Key(n % Keys), new byte[ValueBytes]))]).Wait();
            }

            ISubscription subscription = Start(subscriptions, lanes, processor);
            long start = Stopwatch.GetTimestamp();
            all.Wait();
            double perSecond = Events / Stopwatch.GetElapsedTime(start).TotalSeconds;
            subscription.DisposeAsync().AsTask().Wait();
            return perSecond;
        });
    }

    private static string Latency(ILogStore store) => WithBus(store, static (bus, context, subscriptions) =>
    {
        ISubscription subscription = Start(subscriptions, 2, new Processor { Answers = true });
        IPublisher publisher = subscriptions.Publisher("bench");
        using IPartitionReader reader = bus.OpenReader(
            [.. Enumerable.Range(0, bus.PartitionCount(OutTopic.Name)).Select(static p => new TopicPartition(OutTopic.Name, p))], StartAt.End);
        var micros = new List<double>();
        for (int i = 0; i < OneByOne; i++)
        {
            long start = Stopwatch.GetTimestamp();
            publisher.PublishAsync(Record.Of(EventTopic, Key(i % Keys), new byte[ValueBytes])).GetAwaiter().GetResult();
            while (reader.Poll(10, TimeSpan.FromSeconds(10)).Count == 0)
            {
                // Not there yet.
            }

            micros.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        subscription.DisposeAsync().AsTask().Wait();
        micros.Sort();
        return $"p50 {micros[OneByOne / 2]:F0}, p99 {micros[OneByOne * 99 / 100]:F0}";
    });

    private static double Chains(ILogStore store)
    {
        const int chains = 2_000;
        using var all = new CountdownEvent(chains * ChainLength);
        var processor = new Processor { OnStep = () => all.Signal(), ChainLength = ChainLength };
        return WithBus(store, (bus, context, subscriptions) =>
        {
            IPublisher publisher = subscriptions.Publisher("bench");
            publisher.PublishAsync([.. Enumerable.Range(0, chains).Select(static n => Record.Of(EventTopic, Key(n), new byte[ValueBytes]))]).Wait();
            ISubscription subscription = Start(subscriptions, 2, processor);
            long start = Stopwatch.GetTimestamp();
            all.Wait();
            double perSecond = chains * ChainLength / Stopwatch.GetElapsedTime(start).TotalSeconds;
            subscription.DisposeAsync().AsTask().Wait();
            return perSecond;
        });
    }

    private static TResult WithBus<TResult>(ILogStore store, Func<IMessageBus, PatternContext, Subscriptions, TResult> measure)
    {
        var bus = new EmbeddedBus(store, new EmbeddedBusOptions(), TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec(EventTopic.Name, Cleanup.Delete), new TopicSpec(OutTopic.Name, Cleanup.Delete)]);
        var context = new PatternContext(bus, "bench", TimeProvider.System, NullLogger.Instance);
        TResult result = measure(bus, context, new Subscriptions(context));
        bus.DisposeAsync().AsTask().Wait();
        return result;
    }

    private static ISubscription Start(Subscriptions subscriptions, int lanes, Processor processor)
    {
        var settings = new StateAndEventSettings<byte[], byte[]>("bench", "bench", EventTopic, new PlainCodec(), "bench") { Lanes = lanes, StateCache = copies };
        ISubscription subscription = subscriptions.StateAndEvent(settings, processor);
        subscription.Start();
        SpinWait.SpinUntil(() => subscription.Health.Ready);
        return subscription;
    }

    // Neighbours share a prefix, so that a chain stays in its partition as a conversation does.
    private static byte[] Key(int n)
    {
        var key = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(key, n * 7919);
        return key;
    }

    private sealed class PlainCodec : ICodec<byte[]>
    {
        public byte[] Encode(byte[] value) => value;

        public byte[] Decode(ReadOnlySpan<byte> bytes) => bytes.ToArray();
    }

    private sealed class Processor : IStateAndEventProcessor<byte[], byte[]>
    {
        public Action OnStep { get; init; } = static () => { };

        public bool Answers { get; init; }

        public int ChainLength { get; init; }

        public Step<byte[]> OnEvent(byte[] key, byte[]? state, byte[] input, StepContext context)
        {
            OnStep();
            int hop = BinaryPrimitives.ReadInt32LittleEndian(input) + 1;
            return hop < ChainLength ? new Step<byte[]>(new byte[ValueBytes], [Next(key, hop)])
                : Answers ? new Step<byte[]>(new byte[ValueBytes], [Record.Of(OutTopic, key, input)])
                : new Step<byte[]>(new byte[ValueBytes], []);
        }

        public Step<byte[]> OnDue(byte[] key, byte[] state, StepContext context) => new(state, []);

        public IReadOnlyList<Record> OnParked(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => [];

        public Step<byte[]> OnAbandoned(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => new(state, []);

        private static Record Next(byte[] key, int hop)
        {
            byte[] partner = [.. key];
            partner[^1] ^= 1;
            var input = new byte[ValueBytes];
            BinaryPrimitives.WriteInt32LittleEndian(input, hop);
            return Record.Of(EventTopic, partner, input);
        }
    }
}
