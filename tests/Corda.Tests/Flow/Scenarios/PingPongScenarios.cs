using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;

namespace Corda.Tests.Flow.Scenarios;

public sealed record Rounds(MemberX500Name Counterparty, int Count);

[InitiatingFlow("rally")]
public sealed class Ping(IFlowMessaging messaging) : ClientStartableFlow<Rounds, int>
{
    public override async FlowTask<int> Call(Rounds request)
    {
        FlowSession session = messaging.InitiateFlow(request.Counterparty);
        int ball = 0;
        for (int i = 0; i < request.Count; i++) ball = await session.SendAndReceive<int>(ball + 1);
        await session.Close();
        return ball;
    }
}

[InitiatedBy("rally")]
public sealed class Pong : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        while (true)
        {
            int ball;
            try
            {
                ball = await session.Receive<int>();
            }
            catch (FlowSessionException)
            {
                return;
            }

            await session.Send(ball + 1);
        }
    }
}

public sealed class PingPongScenarios
{
    [Theory, BothWays]
    public void Two_flows_talk_until_the_ball_has_gone_to_and_fro(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Ping>(new Rounds(TestNetwork.Bob.Name, 10));
        new Switchboard(scenario).Post(started).UntilQuiet().Completed(started.Flow, "20");
        Assert.All(scenario.States.Values, state => Assert.Equal(FlowState.Completed, Assert.IsType<FinishedFlow>(state).State));
    }
}
