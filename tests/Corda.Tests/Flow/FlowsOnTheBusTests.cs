using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Corda.Tests.Flow.Scenarios;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.StateAndEvent;
using Microsoft.Extensions.Logging.Abstractions;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Flow;

/// <summary>The engine under the real subscription, on the embedded bus in memory.</summary>
public sealed class FlowsOnTheBusTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TestNetwork network = new();
    private readonly Newest<FlowStatus> statuses = new();
    private readonly Newest<StateRecord> states = new();
    private readonly EmbeddedBus bus = new(new MemoryLogStore(), new EmbeddedBusOptions(), TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
    private readonly List<IAsyncDisposable> parts = [];
    private readonly IPublisher publisher;

    public FlowsOnTheBusTests()
    {
        var subscriptions = new Subscriptions(new PatternContext(bus, "test", TimeProvider.System, NullLogger.Instance));
        var processor = FlowEventProcessor.Create(
            network, network, new FrameStore(), new FlowOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        var settings = new StateAndEventSettings<Checkpoint, FlowEvent>("flow", "flow-worker", Topics.FlowEvent, Topics.FlowState.Codec, "test")
        {
            RetryDelay = TimeSpan.FromMilliseconds(50),
            // The first flows of a process run as slowly as they are compiled.
            ChainTimeMax = TimeSpan.FromSeconds(10),
        };
        bus.EnsureTopics([.. Topics.All.Select(use => new TopicSpec(use.Topic.Name, use.Topic.Cleanup))]);
        publisher = subscriptions.Publisher("test");
        ISubscription[] loops =
        [
            subscriptions.StateAndEvent(settings, processor),
            subscriptions.Compacted(Topics.FlowStatus, statuses),
            subscriptions.Compacted(new Topic<StateRecord>(settings.StateTopic, Routing.Prefix, Cleanup.Compact, new StateRecords()), states),
        ];
        parts.AddRange(loops);
        foreach (ISubscription loop in loops) loop.Start();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in parts) await part.DisposeAsync();
        await publisher.DisposeAsync();
        await bus.DisposeAsync();
    }

    [Fact]
    public async Task Hundred_conversations_end_well()
    {
        StartFlow[] starts = [.. Enumerable.Range(0, 100).Select(n => Start<Ping>(new Rounds(TestNetwork.Bob.Name, 20), $"r{n}"))];
        await publisher.PublishAsync([.. starts.Select(start => Record.Of<FlowEvent>(Topics.FlowEvent, start.FlowId.ToKey(), start))]);
        foreach (StartFlow start in starts) await Ends(start, FlowState.Completed, "40");
    }

    [Fact]
    public async Task A_whole_conversation_is_one_transaction()
    {
        StartFlow start = Start<Ping>(new Rounds(TestNetwork.Bob.Name, 20));
        await Publish(start);
        await Ends(start, FlowState.Completed, "40");
        Assert.Equal(1, await VersionOf(start.FlowId));
    }

    [Fact]
    public async Task Sleeps_of_no_time_stay_in_one_transaction()
    {
        StartFlow start = Start<CountsDown>(500);
        await Publish(start);
        await Ends(start, FlowState.Completed, "500");
        Assert.Equal(1, await VersionOf(start.FlowId));
    }

    [Fact]
    public async Task A_flow_that_is_retried_shows_so_and_then_goes_on()
    {
        network.PackageTrouble = "the disk is away";
        StartFlow start = Start<Greet>(new Greeting("Hello"));
        await Publish(start);
        await Ends(start, FlowState.Retrying, null);
        network.PackageTrouble = null;
        await Ends(start, FlowState.Completed, "\"Hello from Alice\"");
    }

    [Fact]
    public async Task A_killed_flow_is_shown_as_killed()
    {
        StartFlow start = Start<Nap>(3600);
        await Publish(start);
        await Ends(start, FlowState.Running, null);
        await publisher.PublishAsync(Record.Of<FlowEvent>(Topics.FlowEvent, start.FlowId.ToKey(), new KillFlow("enough")));
        await Ends(start, FlowState.Killed, null);
    }

    private static StartFlow Start<TFlow>(object request, string requestId = "r") => new(
        TestNetwork.Alice, requestId, typeof(TFlow).FullName!, JsonSerializer.Serialize(request, FlowJson.Options), TimeProvider.System.GetUtcNow());

    private Task Publish(StartFlow start) => publisher.PublishAsync(Record.Of<FlowEvent>(Topics.FlowEvent, start.FlowId.ToKey(), start));

    private async Task Ends(StartFlow start, FlowState state, string? result)
    {
        await Eventually(
            () => statuses.Of(start.FlowId)?.State == state, () => $"{start.FlowClassName} was not {state}; its status: {statuses.Of(start.FlowId)}");
        Assert.Equal(result, statuses.Of(start.FlowId)!.Result);
    }

    /// <summary>How many transactions have changed a flow's state.</summary>
    private async Task<long> VersionOf(FlowId flow)
    {
        await Eventually(() => states.Of(flow) is not null, () => $"no state record of flow {flow}");
        return states.Of(flow)!.Version;
    }

    private static async Task Eventually(Func<bool> condition, Func<string> lacked)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"After {Patience}: {lacked()}");
            await Task.Delay(1);
        }
    }

    private sealed class Newest<TValue> : ICompactedProcessor<TValue>
        where TValue : class
    {
        private readonly ConcurrentDictionary<FlowId, TValue> known = [];

        public TValue? Of(FlowId flow) => known.GetValueOrDefault(flow);

        public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], TValue>> values)
        {
            foreach ((byte[] key, TValue value) in values) OnNext(key, value);
        }

        public void OnNext(byte[] key, TValue? value)
        {
            if (value is not null && key.Length == 16) known[FlowId.FromKey(key)] = value;
        }
    }

    private sealed class StateRecords : ICodec<StateRecord>
    {
        public byte[] Encode(StateRecord value) => StateRecordCodec.Encode(value);

        public StateRecord Decode(ReadOnlySpan<byte> bytes) => StateRecordCodec.Decode(bytes.ToArray());
    }
}
