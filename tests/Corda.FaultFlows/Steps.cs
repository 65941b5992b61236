namespace Corda.FaultFlows;

/// <summary>What to do.</summary>
/// <param name="Counterparty">Who answers every step.</param>
/// <param name="Count">How many steps.</param>
/// <param name="SleepMs">How long it sleeps after each; 0 for not at all.</param>
public sealed record StepsRequest(MemberX500Name Counterparty, int Count, int SleepMs);

/// <summary>What was done: the executions that were kept, in the order of the steps.</summary>
/// <param name="FlowId">Under which the ledger knows them.</param>
/// <param name="Executions">Of this flow, one for each step.</param>
/// <param name="SubExecutions">Of its sub-flows, one for each step.</param>
/// <param name="PeerId">Under which the ledger knows the counterparty's.</param>
/// <param name="PeerExecutions">Of the counterparty, one for each step.</param>
/// <param name="PeerSum">What the counterparty had added up: 1 + 2 + ... + Count.</param>
public sealed record StepsResult(string FlowId, string[] Executions, string[] SubExecutions, string PeerId, string[] PeerExecutions, int PeerSum);

/// <summary>Notes every step in the ledger, tells a counterparty, runs a sub-flow, sleeps. Its result shows every step lost or kept twice.</summary>
[InitiatingFlow("fault-steps")]
public sealed class Steps(IFlowEngine engine, IFlowMessaging messaging) : ClientStartableFlow<StepsRequest, StepsResult>
{
    /// <inheritdoc/>
    public override async FlowTask<StepsResult> Call(StepsRequest request)
    {
        var own = new List<string>();
        var sub = new List<string>();
        var peers = new List<string>();
        StepAnswer answer = new("", "", 0);
        FlowSession session = messaging.InitiateFlow(request.Counterparty);
        await session.Send(request.Count);
        for (int step = 1; step <= request.Count; step++)
        {
            own.Add(Ledger.Executed(engine.FlowId, $"{step}"));
            answer = await session.SendAndReceive<StepAnswer>(step);
            peers.Add(answer.Execution);
            sub.Add(await engine.SubFlow(new Note(engine, $"{step}.sub")));
            if (request.SleepMs > 0) await engine.Sleep(TimeSpan.FromMilliseconds(request.SleepMs));
        }

        await session.Close();
        return new StepsResult(engine.FlowId, [.. own], [.. sub], answer.FlowId, [.. peers], answer.Sum);
    }

    private sealed class Note(IFlowEngine engine, string step) : SubFlow<string>
    {
        public override async FlowTask<string> Call()
        {
            string execution = Ledger.Executed(engine.FlowId, step);
            await engine.Sleep(TimeSpan.Zero);
            return execution;
        }
    }
}

/// <summary>What the counterparty says to a step.</summary>
/// <param name="FlowId">Its flow.</param>
/// <param name="Execution">Its own entry in the ledger.</param>
/// <param name="Sum">Of all steps it has heard of.</param>
public sealed record StepAnswer(string FlowId, string Execution, int Sum);

/// <summary>The other side of <see cref="Steps"/>.</summary>
[InitiatedBy("fault-steps")]
public sealed class StepsResponder(IFlowEngine engine) : ResponderFlow
{
    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        int count = await session.Receive<int>();
        int sum = 0;
        for (int heard = 1; heard <= count; heard++)
        {
            sum += await session.Receive<int>();
            await session.Send(new StepAnswer(engine.FlowId, Ledger.Executed(engine.FlowId, $"{heard}"), sum));
        }
    }
}
