using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Benchmarks;

/// <summary>
/// A million parked states of 1 kB in a worker of 512 MB, bus included, and what a restart reads. Each phase is a process of its own, with the limit of its heap that
/// .NET sets by itself in a container of that size. What it prints of its memory is the peak of its resident set.
/// </summary>
internal static class MemoryMeasurements
{
    private const int StateBytes = 1_024;
    private const int Chunk = 1_000;
    private const int ChunksUnderWay = 8;
    private const int Woken = 50_000;
    private const long WorkerBytes = 512L * 1024 * 1024;
    private const long CacheBytes = 128L * 1024 * 1024;

    private static readonly Topic<byte[]> EventTopic = new("bench.event", Routing.Prefix, Cleanup.Delete, new PlainCodec());

    /// <summary>Runs all phases, each in a child process.</summary>
    public static void Run(string folder)
    {
        int states = int.Parse(Environment.GetEnvironmentVariable("CORDA_BENCH_STATES") ?? "1000000", CultureInfo.InvariantCulture);
        Phase("fill", folder, states);
        Phase("wake", folder, states);
        Phase("die", folder, states);
        Phase("wake", folder, states);
        Directory.Delete(Path.Combine(folder, "state-cache"), recursive: true);
        Phase("wake", folder, states);
    }

    /// <summary>One phase, in the process made for it.</summary>
    /// <param name="arguments">Phase, folder, number of states.</param>
    public static void RunPhase(string[] arguments)
    {
        (string phase, string folder, int states) = (arguments[0], arguments[1], int.Parse(arguments[2], CultureInfo.InvariantCulture));
        var store = new SqliteLogStore(new SqliteSettings { Folder = Directory.CreateDirectory(Path.Combine(folder, "bus")).FullName });
        var bus = new CountingBus(new EmbeddedBus(store, new EmbeddedBusOptions(), TimeProvider.System, NullLogger<EmbeddedBus>.Instance));
        bus.EnsureTopics([new TopicSpec(EventTopic.Name, Cleanup.Delete)]);
        var subscriptions = new Subscriptions(new PatternContext(bus, "bench", TimeProvider.System, NullLogger.Instance));
        var processor = new Parker();
        var cache = new StateCache(Path.Combine(folder, "state-cache"), CacheBytes, TimeProvider.System, NullLogger.Instance);
        var settings = new StateAndEventSettings<byte[], byte[]>("bench", "bench", EventTopic, new PlainCodec(), "bench") { Lanes = 2, StateCache = cache };
        ISubscription subscription = subscriptions.StateAndEvent(settings, processor);

        long start = Stopwatch.GetTimestamp();
        subscription.Start();
        SpinWait.SpinUntil(() => subscription.Health.Ready);
        Console.WriteLine($"{phase}: ready after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s, {bus.Read} records of the state topic read");
        int[] keys = phase == "fill" ? [.. Enumerable.Range(0, states)] : [.. new Random(states).GetItems(Enumerable.Range(0, states).ToArray(), Math.Min(states, Woken))];
        start = Stopwatch.GetTimestamp();
        Send(subscriptions.Publisher("bench"), keys, processor);
        Console.WriteLine(
            $"{phase}: {keys.Length} events in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s, {keys.Length / Stopwatch.GetElapsedTime(start).TotalSeconds:F0}/s, "
            + $"{processor.Parked} new, peak {Status("VmHWM")} MB, now {Status("VmRSS")} MB, states in memory {cache.Used / 1_000_000} MB, "
            + $"copies {Size(Path.Combine(folder, "state-cache"))} MB");
        if (phase == "die")
        {
            Process.GetCurrentProcess().Kill();
        }

        subscription.DisposeAsync().AsTask().Wait();
        bus.DisposeAsync().AsTask().Wait();
        Console.WriteLine($"{phase}: ended, peak {Status("VmHWM")} MB");
    }

    private static void Phase(string phase, string folder, int states)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(MemoryMeasurements).Assembly.Location, "memory-phase", phase, folder, $"{states}"]);
        start.Environment["DOTNET_GCHeapHardLimit"] = $"{WorkerBytes * 3 / 4:X}";
        using Process child = Process.Start(start)!;
        child.WaitForExit();
    }

    private static void Send(IPublisher publisher, int[] keys, Parker processor)
    {
        var underWay = new Queue<Task>();
        foreach (int[] chunk in keys.Chunk(Chunk))
        {
            underWay.Enqueue(publisher.PublishAsync([.. chunk.Select(static n => Record.Of(EventTopic, Key(n), new byte[8]))]));
            if (underWay.Count >= ChunksUnderWay)
            {
                underWay.Dequeue().Wait();
            }
        }

        Task.WaitAll(underWay);
        SpinWait.SpinUntil(() => processor.Steps >= keys.Length);
    }

    private static byte[] Key(int n)
    {
        var key = new byte[36];
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(32), n);
        SHA256.HashData(key.AsSpan(32), key);
        return key;
    }

    // In kB there.
    private static long Status(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1_000;
    }

    private static long Size(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(static file => file.Length) / 1_000_000;

    private sealed class PlainCodec : ICodec<byte[]>
    {
        public byte[] Encode(byte[] value) => value;

        public byte[] Decode(ReadOnlySpan<byte> bytes) => bytes.ToArray();
    }

    /// <summary>Every flow sleeps for about a day.</summary>
    private sealed class Parker : IStateAndEventProcessor<byte[], byte[]>
    {
        private long parked;
        private long steps;

        public long Parked => Interlocked.Read(ref parked);

        public long Steps => Interlocked.Read(ref steps);

        public Step<byte[]> OnEvent(byte[] key, byte[]? state, byte[] input, StepContext context)
        {
            if (state is null)
            {
                Interlocked.Increment(ref parked);
            }

            Interlocked.Increment(ref steps);
            var parkedState = new byte[StateBytes];
            new Random(BinaryPrimitives.ReadInt32LittleEndian(key)).NextBytes(parkedState);
            return new Step<byte[]>(parkedState, [], context.Now.AddDays(1).AddMilliseconds(key[0] * 1_000));
        }

        public Step<byte[]> OnDue(byte[] key, byte[] state, StepContext context) => new(state, []);

        public IReadOnlyList<Record> OnParked(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => [];

        public Step<byte[]> OnAbandoned(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => new(state, []);
    }
}
