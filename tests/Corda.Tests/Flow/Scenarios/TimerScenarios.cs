using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;

namespace Corda.Tests.Flow.Scenarios;

public sealed class CountsDown(IFlowEngine engine) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        int steps = 0;
        for (; steps < request; steps++) await engine.Sleep(TimeSpan.Zero);
        return steps;
    }
}

public sealed class SleepsForever(IFlowEngine engine) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        await engine.Sleep(TimeSpan.MaxValue);
        return 1;
    }
}

public sealed class SleepsBackwards(IFlowEngine engine) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        await engine.Sleep(TimeSpan.FromSeconds(-1));
        return 1;
    }
}

public sealed record Race(int First, int Second);

public sealed class Races(IFlowEngine engine) : ClientStartableFlow<Race, string>
{
    public override async FlowTask<string> Call(Race request)
    {
        FlowTask first = engine.Sleep(TimeSpan.FromSeconds(request.First));
        FlowTask second = engine.Sleep(TimeSpan.FromSeconds(request.Second));
        FlowTask winner = await FlowTask.WhenAny(first, second);
        string won = winner == first ? "first" : "second";
        await FlowTask.WhenAll(first, second);
        return won;
    }
}

/// <summary>Asks Bob, Charlie and Alice herself, all at once, with sub-flows in parallel; answers what each said or how it failed.</summary>
[InitiatingFlow("survey")]
public sealed class Survey(IFlowMessaging messaging) : ClientStartableFlow<int, string[]>
{
    public override async FlowTask<string[]> Call(int request)
    {
        FlowTask<string>[] asked = [.. new[] { TestNetwork.Bob, TestNetwork.Charlie, TestNetwork.Alice }.Select(who => Ask(who.Name))];
        try
        {
            return await FlowTask.WhenAll(asked);
        }
        catch (CounterpartyFlowException error)
        {
            return [error.ErrorMessage, .. asked.Where(task => !task.IsFaulted).Select(task => task.Result)];
        }
    }

    private async FlowTask<string> Ask(MemberX500Name who)
    {
        FlowSession session = messaging.InitiateFlow(who);
        return $"{who.Organization}: {await session.SendAndReceive<string>("?")}";
    }
}

public sealed class TimerScenarios
{
    [Theory, BothWays]
    public void Each_sleep_is_one_suspension_even_if_it_is_over_at_once(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction reaction = scenario.Start<CountsDown>(5);
        for (int step = 1; step <= 5; step++)
        {
            Assert.Equal(step, Assert.IsType<RunningFlow>(reaction.State).SuspendCount);
            Assert.True(reaction.State.DueAt() <= scenario.Clock.GetUtcNow());
            reaction = scenario.FireDue().Single();
        }

        reaction.Completes("5");
    }

    [Theory, BothWays]
    public void A_timer_does_not_fire_early(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Start<Nap>(60);
        Assert.Empty(scenario.Pass(TimeSpan.FromSeconds(59.9)));
        scenario.Pass(TimeSpan.FromSeconds(0.1)).Single().Ended(FlowState.Completed);
    }

    [Theory, BothWays]
    public void A_sleep_beyond_the_calendar_sleeps_till_its_end(Resume resume)
    {
        var scenario = new Scenario(resume);
        Assert.Equal(DateTimeOffset.MaxValue, scenario.Start<SleepsForever>(1).State!.DueAt());
    }

    [Theory, BothWays]
    public void A_negative_sleep_is_refused(Resume resume) =>
        new Scenario(resume).Start<SleepsBackwards>(1).Fails(typeof(ArgumentOutOfRangeException).FullName!, "duration");

    [Theory, BothWays]
    public void WhenAny_goes_on_with_the_first_and_WhenAll_waits_for_the_rest(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Start<Races>(new Race(9, 2)).WaitsFor(typeof(WaitForWakeup), typeof(WaitForWakeup));
        scenario.Pass(TimeSpan.FromSeconds(2)).Single().WaitsFor(typeof(WaitForWakeup)).DoesNothing();
        scenario.Pass(TimeSpan.FromSeconds(7)).Single().Completes("\"second\"");
    }

    [Theory, BothWays]
    public void WhenAll_collects_in_its_own_order_whatever_the_order_of_the_answers(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Survey>(1).WaitsFor(typeof(WaitForData), typeof(WaitForData), typeof(WaitForData));
        Peer[] peers = [.. started.Messages.Select(scenario.PeerOf)];
        foreach (Peer peer in peers) peer.Confirm();
        peers[2].Data("c").WaitsFor(typeof(WaitForData), typeof(WaitForData));
        peers[0].Data("a").WaitsFor(typeof(WaitForData));
        peers[1].Data("b").Completes("""["Bob: a","Charlie: b","Alice: c"]""");
    }

    [Theory, BothWays]
    public void WhenAll_throws_the_first_error_after_all_have_ended(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer[] peers = [.. scenario.Start<Survey>(1).Messages.Select(scenario.PeerOf)];
        foreach (Peer peer in peers) peer.Confirm();
        peers[1].Error("Charlies", "busy").WaitsFor(typeof(WaitForData), typeof(WaitForData));
        peers[2].Data("c");
        peers[0].Data("a").Completes("""["busy","Bob: a","Alice: c"]""");
    }
}
