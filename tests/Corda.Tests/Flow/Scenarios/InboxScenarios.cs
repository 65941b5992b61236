using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;

namespace Corda.Tests.Flow.Scenarios;

/// <summary>Sends far ahead of what Bob reads, sleeps, and then wants to hear from him.</summary>
[InitiatingFlow("slow-reader")]
public sealed class Chatterbox(IFlowMessaging messaging, IFlowEngine engine) : ClientStartableFlow<int, string>
{
    public override async FlowTask<string> Call(int request)
    {
        FlowSession bob = messaging.InitiateFlow(TestNetwork.Bob.Name);
        for (int i = 0; i < request; i++) await bob.Send(i);
        await engine.Sleep(TimeSpan.FromSeconds(1));
        return await bob.Receive<string>();
    }
}

/// <summary>Sleeps for an hour before it reads anything.</summary>
[InitiatedBy("slow-reader")]
public sealed class SlowReader(IFlowEngine engine) : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        await engine.Sleep(TimeSpan.FromHours(1));
        await session.Receive<int>();
    }
}

/// <summary>What waits unread on a session is bounded.</summary>
public sealed class InboxScenarios
{
    [Theory, BothWays]
    public void A_session_that_is_sent_more_than_its_flow_reads_breaks_on_both_sides_after_what_is_there(Resume resume)
    {
        var scenario = new Scenario(resume, new FlowOptions { SessionUnreadMax = 2 });
        Reaction started = scenario.Start<Script>(new[] { TestNetwork.Bob.Name.ToString(), "send", "sleep", "receive", "receive", "receive", "send" });
        Peer bob = scenario.PeerOf(started.Message<SessionInit>());
        bob.Confirm();
        bob.Data("a").DoesNothing();
        bob.Data("b").DoesNothing();

        bob.Data("c").TellsCounterparty(ErrorTypes.InboxFull, "Corda:Flow:SessionUnreadMax is 2").WaitsFor(typeof(WaitForWakeup));
        bob.Data("d").DoesNothing();

        string result = scenario.Pass(TimeSpan.FromSeconds(1)).Single().Statuses.Single().Result!;
        Assert.StartsWith("""["sent","slept","a","b","FlowSessionException""", result, StringComparison.Ordinal);
        Assert.Equal(2, result.Split("inbox is full").Length - 1);
    }

    [Theory, BothWays]
    public void The_sender_to_a_full_inbox_learns_which_limit_it_was(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Chatterbox>(1200);
        new Switchboard(scenario).Post(started).UntilQuiet();
        scenario.Pass(TimeSpan.FromSeconds(1)).Single(reaction => reaction.Flow == started.Flow)
            .Fails(typeof(CounterpartyFlowException).FullName!, ErrorTypes.InboxFull, "Corda:Flow:SessionUnreadMax is 1000");
    }

    [Theory, BothWays]
    public void What_waits_beyond_a_gap_counts_as_unread(Resume resume)
    {
        var scenario = new Scenario(resume, new FlowOptions { SessionUnreadMax = 2 });
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { TestNetwork.Bob.Name.ToString(), "send", "receive" }).Message<SessionInit>());
        bob.Deliver(Peer.Payload("c"), 4).DoesNothing();
        bob.Deliver(Peer.Payload("b"), 3).DoesNothing();
        bob.Deliver(Peer.Payload("d"), 5).TellsCounterparty(ErrorTypes.InboxFull);
    }

    [Theory, BothWays]
    public void Bytes_that_wait_unread_are_bounded_but_one_payload_of_any_size_is_taken(Resume resume)
    {
        var scenario = new Scenario(resume, new FlowOptions { SessionUnreadBytesMax = 100 });
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { TestNetwork.Bob.Name.ToString(), "send", "sleep", "receive" }).Message<SessionInit>());
        bob.Confirm();
        bob.Data(new string('x', 1000)).DoesNothing();
        bob.Data("y").TellsCounterparty(ErrorTypes.InboxFull, "SessionUnreadBytesMax 100");
    }
}
