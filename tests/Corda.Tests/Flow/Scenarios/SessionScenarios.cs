using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Messaging;

namespace Corda.Tests.Flow.Scenarios;

/// <summary>Answers whatever it is sent, with a counter, until the word "stop"; a number is an error.</summary>
[InitiatedBy("echo", 1, 3)]
public sealed class EchoResponder : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        for (int i = 1; ; i++)
        {
            string word = await session.Receive<string>();
            if (word == "stop") return;
            if (word == "fail") throw new TradeRefusedException("as asked");
            await session.Send($"{i} {word}");
        }
    }
}

/// <summary>The same protocol in a version of its own.</summary>
[InitiatedBy("echo", 2)]
public sealed class EchoResponder2 : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        FlowInfo info = await session.GetCounterpartyFlowInfo();
        await session.Send($"version {info.ProtocolVersion}");
    }
}

public sealed class SessionScenarios
{
    private static Peer Alice(Scenario scenario) => scenario.Initiator(TestNetwork.Alice, TestNetwork.Bob);

    [Theory, BothWays]
    public void The_first_message_starts_the_responder_which_confirms_and_answers(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction answered = Alice(scenario).Init("echo", "hi").Sends(typeof(SessionConfirm), typeof(SessionData)).SendsPayloads("\"1 hi\"");
        answered.PublishesNothing().WaitsFor(typeof(WaitForData));
        Assert.Equal([1, 2], answered.Messages.Select(sent => sent.SequenceNumber!.Value));
        Assert.All(answered.Outputs, output => Assert.Equal(answered.Messages[0].To, TestNetwork.Alice));
    }

    [Theory, BothWays]
    public void A_responders_flow_shares_the_routing_prefix_of_its_initiator(Resume resume)
    {
        Reaction started = new Scenario(resume).Start<Script>(new[] { "O=Bob, L=Rome, C=IT", "send" });
        Assert.All(started.Outputs, output => Assert.Equal(started.Flow.ToKey()[..4], output.Key[..4]));
    }

    [Theory, BothWays]
    public void The_highest_version_that_both_speak_is_used(Resume resume)
    {
        Reaction both = Alice(new Scenario(resume)).Init("echo", versions: [1, 2]).SendsPayloads("\"version 2\"");
        Assert.Equal(2, ((SessionConfirm)both.Message<SessionConfirm>().Message).ProtocolVersion);
        Reaction old = Alice(new Scenario(resume)).Init("echo", versions: [1]);
        Assert.Equal(1, ((SessionConfirm)old.Message<SessionConfirm>().Message).ProtocolVersion);
    }

    [Theory, BothWays]
    public void No_common_version_is_told_with_both_lists(Resume resume) =>
        Alice(new Scenario(resume)).Init("echo", versions: [7, 9]).Sends(typeof(SessionError))
            .TellsCounterparty(ErrorTypes.NoCommonVersion, "7, 9", "1, 2, 3").PublishesNothing();

    [Theory, BothWays]
    public void A_protocol_that_nobody_answers_is_told_at_once_and_stays_refused(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Init("unheard").TellsCounterparty(ErrorTypes.NoResponder, "unheard", "O=Bob").Ended(FlowState.Failed);
        alice.Deliver(alice.Opening("unheard"), 1).DoesNothing();
        scenario.Pass(TimeSpan.FromMinutes(10)).Single().IsGone().DoesNothing();
    }

    [Theory, BothWays]
    public void A_virtual_node_in_maintenance_answers_no_session(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Network.Add(TestNetwork.Bob, active: false);
        Alice(scenario).Init("echo").TellsCounterparty(ErrorTypes.NotOperational, "takes no new flows");
    }

    [Theory, BothWays]
    public void A_session_to_a_virtual_node_that_stays_unknown_is_refused_when_its_attempts_are_spent(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = scenario.Initiator(TestNetwork.Alice, TestNetwork.Nobody);
        SessionEvent opening = alice.Event(alice.Opening("echo"), 1);
        scenario.Parks(alice.Flow, opening).DoesNothing();
        scenario.Abandon(alice.Flow, opening, FailureKind.Transient, "unknown node").TellsCounterparty(ErrorTypes.Abandoned, "unknown node").Ended(FlowState.Failed);
    }

    [Theory, BothWays]
    public void A_repeated_message_changes_nothing(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Init("echo", "a").SendsPayloads("\"1 a\"");
        alice.Deliver(alice.Opening("echo", "a"), 1).DoesNothing();
        alice.Data("b").SendsPayloads("\"2 b\"");
        alice.Deliver(Peer.Payload("b"), 2).DoesNothing().WaitsFor(typeof(WaitForData));
    }

    [Theory, BothWays]
    public void Messages_in_the_wrong_order_are_taken_in_the_right_one(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Init("echo");
        alice.Deliver(Peer.Payload("stop"), 4).DoesNothing();
        alice.Deliver(Peer.Payload("b"), 3).DoesNothing();
        alice.Deliver(Peer.Payload("b"), 3).DoesNothing();
        alice.Deliver(Peer.Payload("a"), 2).SendsPayloads("\"1 a\"", "\"2 b\"").Ended(FlowState.Completed);
    }

    [Theory, BothWays]
    public void Messages_that_overtake_the_first_one_wait_for_it(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Deliver(Peer.Payload("b"), 2).DoesNothing();
        alice.Deliver(Peer.Payload("b"), 2).DoesNothing();
        alice.Deliver(Peer.Payload("stop"), 3).DoesNothing();
        alice.Deliver(alice.Opening("echo", "a"), 1).SendsPayloads("\"1 a\"", "\"2 b\"").Ended(FlowState.Completed);
    }

    [Theory, BothWays]
    public void Early_messages_whose_session_never_begins_are_answered_with_an_error(Resume resume)
    {
        var scenario = new Scenario(resume);
        Alice(scenario).Deliver(Peer.Payload("b"), 2);
        scenario.Pass(TimeSpan.FromMinutes(1)).Single().IsGone().TellsCounterparty(ErrorTypes.UnknownSession);
    }

    [Theory, BothWays]
    public void Early_messages_are_bounded(Resume resume)
    {
        var scenario = new Scenario(resume, new FlowOptions { SessionUnreadMax = 2 });
        Peer alice = Alice(scenario);
        for (int number = 5; number > 3; number--) alice.Deliver(Peer.Payload("x"), number).DoesNothing();

        alice.Deliver(Peer.Payload("x"), 3).TellsCounterparty(ErrorTypes.InboxFull, "Corda:Flow:SessionUnreadMax is 2").Ended(FlowState.Failed);
        alice.Deliver(alice.Opening("echo", "a"), 1).DoesNothing().Ended(FlowState.Failed);
    }

    [Theory, BothWays]
    public void An_error_that_overtakes_the_first_message_fails_the_responder(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Error("Alices", "died").DoesNothing();
        alice.Init("echo").Ended(FlowState.Failed);
    }

    [Theory, BothWays]
    public void A_payload_for_a_flow_that_never_was_is_answered_with_an_error(Resume resume)
    {
        var scenario = new Scenario(resume);
        FlowId nobody = FlowId.OfClientStart("x", "nobody");
        var message = new SessionEvent(SessionId.Of(nobody, 1), TestNetwork.Bob, TestNetwork.Alice, FlowId.OfResponder(SessionId.Of(nobody, 1)), 2, Peer.Payload("x"));
        scenario.Deliver(nobody, message).IsGone().TellsCounterparty(ErrorTypes.UnknownSession);
        scenario.Deliver(nobody, message with { Message = new SessionClose() }).IsGone().DoesNothing();
        scenario.Deliver(nobody, message with { Message = new SessionError("a", "b"), SequenceNumber = null }).IsGone().DoesNothing();
    }

    [Theory, BothWays]
    public void A_payload_for_a_session_that_the_flow_does_not_have_is_answered_with_an_error(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Nap>(5);
        var message = new SessionEvent(SessionId.Of(started.Flow, 9), TestNetwork.Bob, TestNetwork.Alice, FlowId.OfResponder(SessionId.Of(started.Flow, 9)), 2, Peer.Payload("x"));
        scenario.Deliver(started.Flow, message).TellsCounterparty(ErrorTypes.UnknownSession).WaitsFor(typeof(WaitForWakeup));
    }

    [Theory, BothWays]
    public void A_new_payload_for_an_ended_flow_is_answered_with_an_error_and_an_old_one_is_not(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Init("echo", "stop").Ended(FlowState.Completed);
        alice.Deliver(alice.Opening("echo", "stop"), 1).DoesNothing();
        alice.Data("more").TellsCounterparty(ErrorTypes.UnknownSession).Ended(FlowState.Completed);
        alice.Close().DoesNothing();
    }

    [Theory, BothWays]
    public void A_message_from_somebody_else_is_discarded(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Init("echo");
        SessionEvent forged = alice.Event(Peer.Payload("a"), 2) with { From = TestNetwork.Charlie };
        scenario.Deliver(alice.Flow, forged).DoesNothing().WaitsFor(typeof(WaitForData));
        alice.Data("a").SendsPayloads("\"1 a\"");
    }

    [Theory, BothWays]
    public void A_first_message_with_another_number_is_discarded(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Deliver(alice.Opening("echo"), 2).DoesNothing().IsGone();
        alice.Deliver(Peer.Payload("x"), null).DoesNothing();
    }

    [Theory, BothWays]
    public void A_second_first_message_breaks_the_session(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = Alice(scenario);
        alice.Init("echo");
        Reaction broken = alice.Send(alice.Opening("echo"));
        Assert.Contains(broken.Messages, sent => sent.Message is SessionError { ErrorType: ErrorTypes.ProtocolViolation });
    }

    [Theory, BothWays]
    public void An_error_of_the_counterparty_reaches_the_receive_that_waits(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { "O=Bob, L=Rome, C=IT", "receive", "send" }).Message<SessionInit>());
        Reaction ended = bob.Error("Bobs", "no milk");
        string expected = "CounterpartyFlowException: O=Bob, L=Rome, C=IT failed: no milk (Bobs)";
        ended.Completes($"[\"{expected}\",\"{expected}\"]").SendsNothing();
    }

    [Theory, BothWays]
    public void A_payload_before_an_error_is_still_received(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { "O=Bob, L=Rome, C=IT", "send", "sleep", "receive", "receive" }).Message<SessionInit>());
        bob.Confirm();
        bob.Data("first");
        bob.Error("Bobs", "no milk").DoesNothing();
        scenario.Pass(TimeSpan.FromSeconds(1)).Single()
            .Completes("[\"sent\",\"slept\",\"first\",\"CounterpartyFlowException: O=Bob, L=Rome, C=IT failed: no milk (Bobs)\"]");
    }

    [Theory, BothWays]
    public void A_failing_responder_tells_its_initiator_what_it_threw(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<EndsAs>("well");
        Peer alice = Alice(scenario);
        alice.Init("echo", "fail").TellsCounterparty(typeof(TradeRefusedException).FullName!, "as asked").Ended(FlowState.Failed).PublishesNothing();
        Assert.NotNull(started);
    }

    [Theory, BothWays]
    public void Damaged_frames_fail_the_flow_with_a_dead_letter_and_tell_the_counterparty(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        bob.Confirm();
        scenario.Tamper(bob.Flow, flow => flow with { Frames = [1, 2, 3] });
        bob.Data("milk").Fails(ErrorTypes.Fatal, "cannot be restored").GoesToDeadLetters("cannot be restored").TellsCounterparty(ErrorTypes.Fatal);
    }

    [Theory, BothWays]
    public void Ended_sessions_do_not_pile_up_in_the_checkpoint(Resume resume)
    {
        var scenario = new Scenario(resume, new FlowOptions { EndedSessionsKept = 3 });
        Reaction started = scenario.Start<ManySessions>(20);
        new Switchboard(scenario).Post(started).UntilQuiet();
        Assert.Equal(3, Assert.IsType<RunningFlow>(scenario.StateOf(started.Flow)).Sessions.Length);
        scenario.Pass(TimeSpan.FromDays(1)).Single(reaction => reaction.Flow == started.Flow).Completes("20");
    }

    [Theory, BothWays]
    public void Seventy_sessions_may_be_closed_at_once(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<ClosesManyAtOnce>(70);
        Assert.Equal(70, started.Messages.Count(sent => sent.Message is SessionInit));
        new Switchboard(scenario).Post(started).UntilQuiet();
        var parked = Assert.IsType<RunningFlow>(scenario.StateOf(started.Flow));
        Assert.Equal(scenario.Options.EndedSessionsKept, parked.Sessions.Length);
        scenario.Pass(TimeSpan.FromDays(1)).Single(reaction => reaction.Flow == started.Flow).Completes("70");
    }

    [Theory, BothWays]
    public void What_has_come_on_a_session_is_kept_until_it_is_read_though_it_has_broken(Resume resume)
    {
        var scenario = new Scenario(resume, new FlowOptions { EndedSessionsKept = 0 });
        Reaction started = scenario.Start<Script>(new[] { TestNetwork.Bob.Name.ToString(), "send", "sleep", "receive" });
        Peer bob = scenario.PeerOf(started.Message<SessionInit>());
        bob.Confirm();
        bob.Data("milk");
        bob.Error("Bobs", "no more");
        scenario.Pass(TimeSpan.FromSeconds(1)).Single().Completes("""["sent","slept","milk"]""");
    }
}

/// <summary>Opens one session after the other with Bob, and then sleeps.</summary>
[InitiatingFlow("echo")]
public sealed class ManySessions(IFlowMessaging messaging, IFlowEngine engine) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        for (int i = 0; i < request; i++)
        {
            FlowSession session = messaging.InitiateFlow(TestNetwork.Bob.Name);
            await session.Send("stop");
            await session.Close();
        }

        await engine.Sleep(TimeSpan.FromHours(1));
        return request;
    }
}

/// <summary>Closes many sessions with Bob in one wait, as the end of a sub-flow does, and then sleeps.</summary>
public sealed class ClosesManyAtOnce(IFlowEngine engine, IFlowMessaging messaging) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        int opened = await engine.SubFlow(new OpensMany(messaging, request));
        await engine.Sleep(TimeSpan.FromHours(1));
        return opened;
    }
}

/// <summary>Opens sessions with Bob and leaves it to the end of the sub-flow to close them.</summary>
[InitiatingFlow("echo")]
public sealed class OpensMany(IFlowMessaging messaging, int count) : SubFlow<int>
{
    public override async FlowTask<int> Call()
    {
        for (int i = 0; i < count; i++) await messaging.InitiateFlow(TestNetwork.Bob.Name).Send("stop");
        return count;
    }
}
