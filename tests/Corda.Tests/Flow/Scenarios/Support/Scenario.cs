using System.Text.Json;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Flow.Scenarios.Support;

/// <summary>
/// Given, when, then around the pure flow processor: keeps the checkpoint of every flow, hands it events one at a time, and answers what came of
/// each. Nothing is delivered by itself: that is the test's part, or the <see cref="Switchboard"/>'s.
/// </summary>
internal sealed class Scenario
{
    // Shared: compiling the accessors of this assembly's types once is enough.
    private static readonly FrameStore Frames = new();

    private readonly Dictionary<FlowId, Checkpoint> states = [];
    private readonly FlowEventProcessor processor;
    private readonly Resume resume;
    private int inputs;

    public Scenario(Resume resume, FlowOptions? options = null)
    {
        this.resume = resume;
        Options = (options ?? new FlowOptions()) with { AlwaysRestoreFromBytes = resume == Resume.FromBytes };
        processor = FlowEventProcessor.Create(Network, Network, Frames, Options, Clock, NullLoggerFactory.Instance);
    }

    public TestNetwork Network { get; } = new();

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public FlowOptions Options { get; }

    public IReadOnlyDictionary<FlowId, Checkpoint> States => states;

    /// <summary>Every step is done, forgotten and done again on the same state, as after a transaction that was aborted.</summary>
    public bool AbortsFirstTry { get; init; }

    /// <summary>A client of Alice starts a flow.</summary>
    public Reaction Start<TFlow>(object? request = null, string requestId = "r1", HoldingIdentity? by = null) =>
        Deliver(StartEvent<TFlow>(request, requestId, by));

    public StartFlow StartEvent<TFlow>(object? request = null, string requestId = "r1", HoldingIdentity? by = null) => new(
        by ?? TestNetwork.Alice, requestId, typeof(TFlow).FullName!, JsonSerializer.Serialize(request, FlowJson.Options), Clock.GetUtcNow());

    public Reaction Deliver(StartFlow start) => Deliver(start.FlowId, start);

    /// <summary>An event comes.</summary>
    public Reaction Deliver(FlowId flow, FlowEvent input, int failedAttempts = 0)
    {
        StepContext context = Context(failedAttempts);
        return Take(flow, () => processor.OnEvent(flow.ToKey(), states.GetValueOrDefault(flow), input, context));
    }

    /// <summary>The event came, and the processor threw a transient exception: the flow is parked.</summary>
    public Reaction Parks(FlowId flow, FlowEvent input, int attempts = 1, bool patiently = false)
    {
        Checkpoint? state = states.GetValueOrDefault(flow);
        var cause = Assert.ThrowsAny<TransientProcessingException>(() => processor.OnEvent(flow.ToKey(), state, input, Context(attempts - 1)));
        Assert.Equal(patiently, cause.IsPatient);
        var failure = new Failure(FailureKind.Transient, attempts, cause.Message, cause);
        return new Reaction(flow, state, processor.OnParked(flow.ToKey(), state, input, failure, Context(attempts)), null);
    }

    /// <summary>The subscription gives an input up.</summary>
    public Reaction Abandon(FlowId flow, FlowEvent? input, FailureKind kind, string reason, int attempts = 1) =>
        Take(flow, () => processor.OnAbandoned(flow.ToKey(), states.GetValueOrDefault(flow), input, new Failure(kind, attempts, reason), Context(attempts)));

    /// <summary>Time passes, and every flow that is due by then is called.</summary>
    public IReadOnlyList<Reaction> Pass(TimeSpan time)
    {
        Clock.Advance(time);
        return FireDue();
    }

    /// <summary>Calls every flow that is due now, once.</summary>
    public IReadOnlyList<Reaction> FireDue()
    {
        FlowId[] due = [.. states.Where(entry => entry.Value.DueAt() <= Clock.GetUtcNow()).Select(entry => entry.Key)];
        return [.. due.Select(flow => Take(flow, () => processor.OnDue(flow.ToKey(), states[flow], Context(0))))];
    }

    /// <summary>Changes what a flow's checkpoint says, as damage on a disk would.</summary>
    public void Tamper(FlowId flow, Func<RunningFlow, RunningFlow> change) => states[flow] = change((RunningFlow)states[flow]) with { Live = new LiveSlot(null) };

    public Checkpoint? StateOf(FlowId flow) => states.GetValueOrDefault(flow);

    /// <summary>A counterparty played by the test, for a session that a flow has opened.</summary>
    public Peer PeerOf(SessionEvent opening) => new(this, opening.SessionId, opening.To, opening.From, FlowId.OfResponder(opening.SessionId), opening.Sender);

    /// <summary>An initiator played by the test, with a session that it has not opened yet.</summary>
    public Peer Initiator(HoldingIdentity from, HoldingIdentity to, int number = 1)
    {
        FlowId flow = FlowId.OfClientStart(from.ShortHash, $"played-{number}");
        SessionId session = SessionId.Of(flow, number);
        return new Peer(this, session, from, to, flow, FlowId.OfResponder(session));
    }

    private StepContext Context(int failedAttempts) => new(Clock.GetUtcNow(), $"input-{++inputs}", StateVersion: inputs, failedAttempts);

    private Reaction Take(FlowId flow, Func<Step<Checkpoint>> perform)
    {
        Step<Checkpoint> step = perform();
        if (AbortsFirstTry)
        {
            string first = Bytes(step);
            step = perform();
            Assert.Equal(first, Bytes(step));
        }

        Assert.Equal(step.State?.DueAt(), step.DueAt);
        Bytes(step);
        if (step.State is null) states.Remove(flow);
        else states[flow] = resume == Resume.Live ? step.State : Topics.FlowState.Codec.Decode(Topics.FlowState.Encode(step.State));
        return new Reaction(flow, step.State, step.Outputs, step.DeadLetter);
    }

    /// <summary>All of a step as it would be written; whatever cannot be written shows here.</summary>
    private static string Bytes(Step<Checkpoint> step) => string.Join('\n', step.Outputs
        .Select(output => $"{output.Topic.Name} {Convert.ToHexString(output.Key)} {Hex(output.Topic, output.Value)}")
        .Prepend($"{Hex(Topics.FlowState, step.State)} due {step.DueAt:O} {step.DeadLetter}"));

    private static string Hex(Topic topic, object? value) => value is null ? "none" : Convert.ToHexString(topic.Encode(value));
}
