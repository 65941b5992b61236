using Corda.Flows;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Benchmarks;

/// <summary>What one step of the flow engine costs by itself: two flows talk through the pure processor, without a bus.</summary>
internal sealed class EnginePingPong : IVirtualNodes, IFlowPackages
{
    private static readonly HoldingIdentity Alice = new("O=Alice, L=London, C=GB", "bench");
    private static readonly HoldingIdentity Bob = new("O=Bob, L=Rome, C=IT", "bench");

    private static readonly FlowPackage Flows = new(
        "bench",
        "1.0",
        new string('b', 64),
        [typeof(EnginePingPong).Assembly],
        new Dictionary<string, StartableFlowDefinition>
        {
            [typeof(BenchPing).FullName!] = new(typeof(BenchPing).FullName!, typeof(BenchPing), typeof(int), typeof(int), "bench-ping", [1]),
        },
        [new ResponderFlowDefinition(typeof(BenchPong).FullName!, typeof(BenchPong), "bench-ping", [1])]);

    private readonly Dictionary<FlowId, Checkpoint> states = [];
    private readonly Queue<(FlowId To, FlowEvent Event)> underWay = [];
    private readonly FlowEventProcessor processor;
    private readonly bool bytes;

    /// <summary>An engine with nobody else on the machine's mind.</summary>
    /// <param name="bytes">Whether every step begins from bytes; false: with the live frames of the last one.</param>
    public EnginePingPong(bool bytes)
    {
        this.bytes = bytes;
        processor = FlowEventProcessor.Create(
            this, this, new FrameStore(), new FlowOptions { AlwaysRestoreFromBytes = bytes }, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public IReadOnlyList<FlowPackage> Current => [Flows];

    /// <summary>One conversation; answers the number of its steps.</summary>
    public int Run(int number, int rounds)
    {
        var start = new StartFlow(Alice, $"r{number}", typeof(BenchPing).FullName!, rounds.ToString(), TimeProvider.System.GetUtcNow());
        underWay.Enqueue((start.FlowId, start));
        int steps = 0;
        while (underWay.TryDequeue(out (FlowId To, FlowEvent Event) next))
        {
            steps++;
            var context = new StepContext(TimeProvider.System.GetUtcNow(), "bench", steps);
            Step<Checkpoint> step = processor.OnEvent(next.To.ToKey(), states.GetValueOrDefault(next.To), next.Event, context);
            states[next.To] = bytes ? Topics.FlowState.Codec.Decode(Topics.FlowState.Encode(step.State!)) : step.State!;
            foreach (Record output in step.Outputs)
            {
                if (output.Value is FlowEvent sent) underWay.Enqueue((FlowId.FromKey(output.Key), sent));
            }
        }

        if (states[start.FlowId] is not FinishedFlow { State: FlowState.Completed }) throw new InvalidOperationException("The ping-pong did not complete.");
        states.Clear();
        return steps;
    }

    public VirtualNodeInfo? Find(HoldingIdentity identity) => new(identity, new CpiInfo("bench", "1.0", [Flows.Hash]), true, DateTimeOffset.UnixEpoch);

    public IReadOnlyList<VirtualNodeInfo> InGroup(string groupId) => [];

    public FlowPackage Get(string hash) => Flows;

    [InitiatingFlow("bench-ping")]
    public sealed class BenchPing(IFlowMessaging messaging) : ClientStartableFlow<int, int>
    {
        public override async FlowTask<int> Call(int request)
        {
            FlowSession session = messaging.InitiateFlow(MemberX500Name.Parse(Bob.X500Name));
            int ball = 0;
            for (int i = 0; i < request; i++) ball = await session.SendAndReceive<int>(ball + 1);
            await session.Send(-1);
            await session.Close();
            return ball;
        }
    }

    [InitiatedBy("bench-ping")]
    public sealed class BenchPong : ResponderFlow
    {
        public override async FlowTask Call(FlowSession session)
        {
            while (await session.Receive<int>() is var ball && ball >= 0) await session.Send(ball + 1);
        }
    }
}
