using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;

namespace Corda.Tests.Flow.Scenarios;

[InitiatingFlow("sub-protocol")]
public sealed class AsksInItsOwnProtocol(IFlowMessaging messaging, string then) : SubFlow<string>
{
    public override async FlowTask<string> Call()
    {
        FlowSession bob = messaging.InitiateFlow(TestNetwork.Bob.Name);
        string answer = await bob.SendAndReceive<string>("sub");
        return then == "fail" ? throw new TradeRefusedException("sub-flow fails") : answer;
    }
}

public sealed class AsksInTheCallersProtocol(FlowSession session) : SubFlow<string>
{
    public override async FlowTask<string> Call() => await session.SendAndReceive<string>("inline");
}

[InitiatingFlow("outer")]
public sealed class Outer(IFlowEngine engine, IFlowMessaging messaging) : ClientStartableFlow<string, string>
{
    public override async FlowTask<string> Call(string request)
    {
        FlowSession charlie = messaging.InitiateFlow(TestNetwork.Charlie.Name);
        string inline = await engine.SubFlow(new AsksInTheCallersProtocol(charlie));
        try
        {
            string own = await engine.SubFlow(new AsksInItsOwnProtocol(messaging, request));
            await engine.Sleep(TimeSpan.FromSeconds(1));
            return $"{inline}, {own}";
        }
        catch (TradeRefusedException error)
        {
            await engine.Sleep(TimeSpan.FromSeconds(1));
            return $"{inline}, caught {error.Message}";
        }
    }
}

/// <summary>Opens a session although nobody around it says in which protocol.</summary>
public sealed class NoProtocol(IFlowMessaging messaging) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        await messaging.InitiateFlow(TestNetwork.Bob.Name).Send(1);
        return 1;
    }
}

public sealed class SubFlowScenarios
{
    /// <summary>The outer flow has had its answer from Charlie and now asks Bob in its sub-flow.</summary>
    private static (Scenario Scenario, Peer Bob) Given(Resume resume, string then)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Outer>(then).SendsPayloads("\"inline\"");
        Assert.Equal("outer", ((SessionInit)started.Message<SessionInit>().Message).Protocol);
        Peer charlie = scenario.PeerOf(started.Message<SessionInit>());
        charlie.Confirm();
        Reaction asked = charlie.Data("from Charlie").Sends(typeof(SessionInit)).SendsPayloads("\"sub\"");
        Assert.Equal("sub-protocol", ((SessionInit)asked.Message<SessionInit>().Message).Protocol);
        Peer bob = scenario.PeerOf(asked.Message<SessionInit>());
        bob.Confirm();
        return (scenario, bob);
    }

    [Theory, BothWays]
    public void The_sessions_of_an_initiating_sub_flow_are_closed_with_it_and_the_callers_are_not(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "end");
        Reaction closing = bob.Data("from Bob").Sends(typeof(SessionClose)).WaitsFor(typeof(WaitForClose));
        Assert.Equal(TestNetwork.Bob, closing.Messages[0].To);
        bob.Close().SendsNothing().WaitsFor(typeof(WaitForWakeup));
        Reaction ended = scenario.Pass(TimeSpan.FromSeconds(1)).Single().Completes("\"from Charlie, from Bob\"").Sends(typeof(SessionClose));
        Assert.Equal(TestNetwork.Charlie, ended.Messages[0].To);
    }

    [Theory, BothWays]
    public void A_failing_sub_flow_tells_its_counterparties_and_its_caller_may_go_on(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "fail");
        Reaction failed = bob.Data("from Bob").TellsCounterparty(typeof(TradeRefusedException).FullName!, "sub-flow fails").WaitsFor(typeof(WaitForWakeup));
        Assert.Equal(TestNetwork.Bob, failed.Messages.Single().To);
        scenario.Pass(TimeSpan.FromSeconds(1)).Single().Completes("\"from Charlie, caught sub-flow fails\"").Sends(typeof(SessionClose));
    }

    [Theory, BothWays]
    public void An_error_while_a_sub_flow_closes_reaches_its_caller(Resume resume)
    {
        (_, Peer bob) = Given(resume, "end");
        bob.Data("from Bob");
        bob.Error("Bobs", "could not commit").Fails(typeof(CounterpartyFlowException).FullName!, "could not commit");
    }

    [Theory, BothWays]
    public void A_session_without_a_protocol_is_an_error_that_says_what_to_write(Resume resume) =>
        new Scenario(resume).Start<NoProtocol>(1).Fails(typeof(FlowUsageException).FullName!, nameof(NoProtocol), "[InitiatingFlow");
}
