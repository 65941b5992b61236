using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;

namespace Corda.Tests.Flow.Scenarios;

/// <summary>Opens a session without waiting for the counterparty's close, sends, closes and uses it again.</summary>
[InitiatingFlow("lenient")]
public sealed class ClosesWithoutWaiting(IFlowMessaging messaging) : ClientStartableFlow<int, string>
{
    public override async FlowTask<string> Call(int request)
    {
        FlowSession bob = messaging.InitiateFlow(TestNetwork.Bob.Name, new FlowSessionOptions { RequireClose = false });
        await bob.Send("last words");
        await bob.Close();
        await bob.Close();
        try
        {
            await bob.Send("one more");
            return "sent after close";
        }
        catch (FlowSessionException)
        {
            return "refused";
        }
    }
}

public sealed class CloseScenarios
{
    private const string Bob = "O=Bob, L=Rome, C=IT";

    private static (Scenario Scenario, Peer Bob) Given(Resume resume, params string[] script)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>((string[])[Bob, .. script]).Message<SessionInit>());
        bob.Confirm();
        return (scenario, bob);
    }

    [Theory, BothWays]
    public void Close_sends_a_close_and_waits_for_the_other(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Script>(new[] { Bob, "send", "close" }).Sends(typeof(SessionInit), typeof(SessionClose));
        started.WaitsFor(typeof(WaitForClose));
        Peer bob = scenario.PeerOf(started.Message<SessionInit>());
        bob.Confirm().DoesNothing();
        bob.Close().Completes("""["sent","closed"]""").SendsNothing();
    }

    [Theory, BothWays]
    public void Close_does_not_wait_where_the_other_has_closed_already(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "send", "sleep", "close");
        bob.Close().DoesNothing();
        scenario.Pass(TimeSpan.FromSeconds(1)).Single().Sends(typeof(SessionClose)).Completes("""["sent","slept","closed"]""");
    }

    [Theory, BothWays]
    public void A_session_that_need_not_be_closed_by_both_does_not_wait(Resume resume) =>
        new Scenario(resume).Start<ClosesWithoutWaiting>(1).Sends(typeof(SessionInit), typeof(SessionClose)).Completes("\"refused\"");

    [Theory, BothWays]
    public void Closing_a_session_that_was_never_used_sends_nothing(Resume resume) =>
        new Scenario(resume).Start<Script>(new[] { Bob, "close" }).SendsNothing().Completes("""["closed"]""");

    [Theory, BothWays]
    public void A_second_close_waits_like_the_first(Resume resume)
    {
        (_, Peer bob) = Given(resume, "send", "close", "close");
        bob.Close().Completes("""["sent","closed","closed"]""").SendsNothing();
    }

    [Theory, BothWays]
    public void A_close_by_the_counterparty_ends_the_receive_that_waits(Resume resume)
    {
        (_, Peer bob) = Given(resume, "receive");
        Reaction ended = bob.Close();
        ended.Require(ended.Result.Contains("FlowSessionException", StringComparison.Ordinal)
            && ended.Result.Contains("closed by the counterparty", StringComparison.Ordinal), "an error that tells of the close");
        ended.Sends(typeof(SessionClose));
    }

    [Theory, BothWays]
    public void What_was_sent_before_the_close_is_received_first(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "send", "sleep", "receive", "receive", "send");
        bob.Data("a");
        bob.Close();
        Reaction ended = scenario.Pass(TimeSpan.FromSeconds(1)).Single();
        string[] log = System.Text.Json.JsonSerializer.Deserialize<string[]>(ended.Result)!;
        Assert.Equal("a", log[2]);
        Assert.All(log[3..], line => Assert.Contains("closed by the counterparty", line, StringComparison.Ordinal));
    }

    [Theory, BothWays]
    public void A_payload_after_the_senders_own_close_breaks_the_session(Resume resume)
    {
        (_, Peer bob) = Given(resume, "send", "sleep", "receive");
        bob.Close();
        bob.Data("and another thing").TellsCounterparty(ErrorTypes.ProtocolViolation, "after its sender had closed");
    }

    [Theory, BothWays]
    public void A_payload_that_comes_to_a_closed_side_is_an_error_to_both(Resume resume)
    {
        (_, Peer bob) = Given(resume, "send", "close");
        Reaction ended = bob.Data("too late").TellsCounterparty(ErrorTypes.SessionClosed, "after this side had closed");
        Assert.Contains("FlowSessionException", ended.Result, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void Closing_over_an_unread_payload_is_an_error_to_both(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "send", "sleep", "close");
        bob.Data("unread");
        Reaction ended = scenario.Pass(TimeSpan.FromSeconds(1)).Single().TellsCounterparty(ErrorTypes.UnreadPayload);
        Assert.Contains("unread payloads", ended.Result, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void Ending_over_an_unread_payload_tells_its_sender(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "send", "sleep");
        bob.Data("unread");
        scenario.Pass(TimeSpan.FromSeconds(1)).Single().Completes("""["sent","slept"]""").TellsCounterparty(ErrorTypes.UnreadPayload);
    }

    [Theory, BothWays]
    public void An_error_while_closing_ends_the_wait(Resume resume)
    {
        (_, Peer bob) = Given(resume, "send", "close");
        bob.Error("Bobs", "no milk").Completes("""["sent","CounterpartyFlowException: O=Bob, L=Rome, C=IT failed: no milk (Bobs)"]""").SendsNothing();
    }

    [Theory, BothWays]
    public void A_close_gives_up_after_the_sessions_timeout(Resume resume)
    {
        (Scenario scenario, _) = Given(resume, "send", "close");
        Reaction ended = scenario.Pass(TimeSpan.FromMinutes(5)).Single();
        Assert.Contains("FlowSessionTimeoutException", ended.Result, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void An_error_after_both_have_closed_is_ignored(Resume resume)
    {
        (Scenario scenario, Peer bob) = Given(resume, "send", "close", "sleep", "receive");
        bob.Close().WaitsFor(typeof(WaitForWakeup));
        bob.Error("Bobs", "late").DoesNothing();
        Reaction ended = scenario.Pass(TimeSpan.FromSeconds(1)).Single();
        Assert.Contains("closed by this flow", ended.Result, StringComparison.Ordinal);
    }
}
