using System.Diagnostics;
using System.Globalization;
using Corda.Workers.Flow;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Corda.Workers.Messaging.Bus.Kafka;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Benchmarks;

/// <summary>One process of the memory benchmarks: a worker with its bus, embedded or Kafka, and what it does until it ends.</summary>
internal sealed class MemoryPhase : IDisposable
{
    /// <summary>The first argument of such a process.</summary>
    public const string Argument = "memory-phase";

    /// <summary>Parks all states.</summary>
    public const string Fill = "fill";

    /// <summary>Answers events to some states, and ends in good order.</summary>
    public const string Wake = "wake";

    /// <summary>The same, but ends with SIGKILL.</summary>
    public const string Die = "die";

    /// <summary>Only works, until its input ends.</summary>
    public const string Serve = "serve";

    /// <summary>Joins another worker, says so when it follows its states, and wakes some of them at the next line of its input: then the other one is dead.</summary>
    public const string TakeOver = "take over";

    /// <summary>What <see cref="Serve"/> and <see cref="TakeOver"/> say when they are there.</summary>
    public const string Standing = "stands";

    private const int Partitions = 8;
    private const int Chunk = 1_000;
    private const int ChunksUnderWay = 8;
    private const int Woken = 50_000;

    // So many that each partition has some.
    private const int Asked = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);
    private readonly string phase;
    private readonly string folder;
    private readonly int states;
    private readonly CountingBus bus;
    private readonly Subscriptions subscriptions;
    private readonly Parker processor = new();
    private readonly StateCache cache;
    private readonly ISubscription subscription;

    private MemoryPhase(string phase, string folder, int states, string? bootstrap)
    {
        (this.phase, this.folder, this.states) = (phase, folder, states);
        bus = new CountingBus(bootstrap is null ? Embedded(folder) : Kafka(bootstrap));
        bus.EnsureTopics([new TopicSpec(Parker.EventTopic.Name, Cleanup.Delete)]);
        subscriptions = new Subscriptions(new PatternContext(bus, "bench", TimeProvider.System, NullLogger.Instance));
        cache = new StateCache(CopiesIn(folder), new FlowOptions().StateCacheBytes, TimeProvider.System, NullLogger.Instance);
        var settings = new StateAndEventSettings<byte[], byte[]>("bench", "bench", Parker.EventTopic, new Parker.PlainCodec(), Path.GetFileName(folder))
        {
            Lanes = new FlowOptions().Lanes,
            StateCache = cache,
            KeepsWarmStates = bootstrap is not null,
        };
        subscription = subscriptions.StateAndEvent(settings, processor);
    }

    /// <summary>Where a worker with this folder keeps its copies.</summary>
    public static string CopiesIn(string folder) => Path.Combine(folder, "state-cache");

    /// <summary>One phase, in the process made for it.</summary>
    /// <param name="arguments">Phase, folder of the worker, number of states, and where there is a broker, where.</param>
    public static void Run(string[] arguments)
    {
        Directory.CreateDirectory(CopiesIn(arguments[1]));
        using var run = new MemoryPhase(arguments[0], arguments[1], int.Parse(arguments[2], CultureInfo.InvariantCulture), arguments.ElementAtOrDefault(3));
        run.Run();
    }

    public void Dispose()
    {
        subscription.DisposeAsync().AsTask().Wait();
        bus.DisposeAsync().AsTask().Wait();
        Console.WriteLine($"{phase}: ended, peak {Status("VmHWM")} MB");
    }

    private static EmbeddedBus Embedded(string folder)
    {
        var store = new SqliteLogStore(new SqliteSettings { Folder = Directory.CreateDirectory(Path.Combine(folder, "bus")).FullName });
        return new EmbeddedBus(store, new EmbeddedBusOptions(), TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
    }

    private static KafkaBus Kafka(string bootstrap) =>
        new(new KafkaOptions { BootstrapServers = bootstrap, Partitions = Partitions }, TimeProvider.System, NullLogger<KafkaBus>.Instance);

    private void Run()
    {
        long start = Stopwatch.GetTimestamp();
        subscription.Start();
        Wait(() => subscription.Health.Ready, "ready");
        switch (phase)
        {
            case TakeOver:
                Wait(() => subscription.StandbyLag == 0, "a follower that has caught up");
                Console.WriteLine($"{phase}: follows after {Seconds(start)} s, {bus.Read} records of the state topic read, peak {Status("VmHWM")} MB");
                Stand();
                SendTo(Some());
                break;
            case Serve:
                Answer(start);
                Stand();
                break;
            case Fill:
                Answer(start);
                SendTo([.. Enumerable.Range(0, states)]);
                break;
            default:
                Answer(start);
                SendTo(Some());
                break;
        }

        if (phase == Die) Process.GetCurrentProcess().Kill();
    }

    // Who is ready may still wait for partitions whose former owner the broker has not given up: it has all of them when events of all of them are answered.
    private void Answer(long start)
    {
        Publish([.. Enumerable.Range(0, Math.Min(states, Asked))]);
        Console.WriteLine($"{phase}: answers for all partitions after {Seconds(start)} s, {bus.Read} records of the state topic read");
    }

    private static void Stand()
    {
        Console.WriteLine(Standing);
        Console.In.ReadLine();
    }

    private int[] Some() => [.. new Random(states).GetItems(Enumerable.Range(0, states).ToArray(), Math.Min(states, Woken))];

    private void SendTo(int[] keys)
    {
        long start = Stopwatch.GetTimestamp();
        long read = bus.Read;
        Publish(keys);
        Console.WriteLine(
            $"{phase}: {keys.Length} events in {Seconds(start)} s, {keys.Length / Stopwatch.GetElapsedTime(start).TotalSeconds:F0}/s, "
            + $"{processor.Parked} new, {bus.Read - read} records of the state topic read meanwhile, peak {Status("VmHWM")} MB, now {Status("VmRSS")} MB, "
            + $"states in memory {cache.Used / 1_000_000} MB, copies {Size(CopiesIn(folder))} MB");
    }

    private void Publish(int[] keys)
    {
        long before = processor.Steps;
        var underWay = new Queue<Task>();
        IPublisher publisher = subscriptions.Publisher("bench");
        foreach (int[] chunk in keys.Chunk(Chunk))
        {
            underWay.Enqueue(publisher.PublishAsync([.. chunk.Select(static n => Record.Of(Parker.EventTopic, Parker.Key(n), new byte[8]))]));
            if (underWay.Count >= ChunksUnderWay) underWay.Dequeue().Wait();
        }

        Task.WaitAll(underWay);
        Wait(() => processor.Steps >= before + keys.Length, $"{keys.Length} steps");
    }

    private void Wait(Func<bool> condition, string forWhat)
    {
        if (!SpinWait.SpinUntil(condition, Patience)) throw new TimeoutException($"{phase}: waited {Patience} for {forWhat}: {subscription.Health}");
    }

    private static string Seconds(long start) => $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F1}";

    // In kB there.
    private static long Status(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1_000;
    }

    private static long Size(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(static file => file.Length) / 1_000_000;
}
