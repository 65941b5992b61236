using Corda.Flows;

namespace Corda.Tests.Simulation;

// Small flows whose results tell whether every step was done once: each adds to what it carries.

public sealed record Work(int Steps, string[] Peers);

/// <summary>Sleeps between steps; its sum shows a step lost or done twice.</summary>
public sealed class Climb(IFlowEngine engine) : ClientStartableFlow<Work, string>
{
    public override async FlowTask<string> Call(Work request)
    {
        int height = 0;
        foreach (int step in Enumerable.Range(1, request.Steps).ToList())
        {
            await engine.Sleep(TimeSpan.FromMilliseconds(100));
            height += step;
        }

        return $"height {height}";
    }
}

/// <summary>Talks with each peer in turn, then with all at once; the peers count what they hear.</summary>
[InitiatingFlow("simulated-talk")]
public sealed class Talk(IFlowMessaging messaging, IFlowEngine engine) : ClientStartableFlow<Work, string>
{
    public override async FlowTask<string> Call(Work request)
    {
        List<FlowSession> sessions = [.. request.Peers.Select(peer => messaging.InitiateFlow(MemberX500Name.Parse(peer)))];
        foreach (FlowSession session in sessions) await session.Send(request.Steps);

        int sum = 0;
        for (int step = 1; step <= request.Steps; step++)
        {
            FlowTask<int>[] answers = [.. sessions.Select(session => session.SendAndReceive<int>(step))];
            sum += (await FlowTask.WhenAll(answers)).Sum();
            if (step % 2 == 0) await engine.Sleep(TimeSpan.FromMilliseconds(50));
        }

        try
        {
            await engine.SubFlow(new Doomed(sessions[0]));
        }
        catch (CounterpartyFlowException refused)
        {
            return $"sum {sum}, then refused: {refused.ErrorMessage}";
        }

        return $"sum {sum}";
    }

    /// <summary>Ends in the peer's refusal: an error that crosses a sub-flow and a checkpoint.</summary>
    private sealed class Doomed(FlowSession session) : SubFlow<int>
    {
        public override FlowTask<int> Call() => session.SendAndReceive<int>(-1);
    }
}

[InitiatedBy("simulated-talk")]
public sealed class TalkResponder(IFlowEngine engine) : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        int steps = await session.Receive<int>();
        int heard = 0;
        for (int step = 0; step < steps; step++)
        {
            heard += await session.Receive<int>();
            if (step == 1) await engine.Sleep(TimeSpan.FromMilliseconds(10));
            await session.Send(heard);
        }

        if (await session.Receive<int>() < 0) throw new FlowException("enough");
    }
}
