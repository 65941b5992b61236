using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;

namespace Corda.Tests.Flow.Scenarios;

public sealed record Offer(string Item, int Price);

/// <summary>A payload whose own constructor refuses some values.</summary>
public sealed record Positive
{
    public Positive(int value) => Value = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), "only what is above zero");

    public int Value { get; }
}

/// <summary>Runs a list of words as a program on one session with Bob, and answers all that it received or caught.</summary>
[InitiatingFlow("script", 1, 2)]
public sealed class Script(IFlowMessaging messaging, IFlowEngine engine) : ClientStartableFlow<string[], string[]>
{
    public override async FlowTask<string[]> Call(string[] request)
    {
        FlowSession bob = messaging.InitiateFlow(MemberX500Name.Parse(request[0]), new FlowSessionOptions { Timeout = TimeSpan.FromMinutes(5) });
        var log = new List<string>();
        foreach (string word in request[1..])
        {
            try
            {
                log.Add(await Do(word, bob));
            }
            catch (FlowException error)
            {
                log.Add($"{error.GetType().Name}: {error.Message}");
            }
        }

        return [.. log];
    }

    private async FlowTask<string> Do(string word, FlowSession session)
    {
        switch (word)
        {
            case "send":
                await session.Send("ping");
                return "sent";
            case "send-unwritable":
                await session.Send(new MemoryStream());
                return "sent";
            case "receive":
                return await session.Receive<string>();
            case "receive-offer":
                Offer offer = await session.Receive<Offer>();
                return $"{offer.Item} for {offer.Price}";
            case "receive-positive":
                return (await session.Receive<Positive>()).Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
            case "ask":
                return await session.SendAndReceive<string>("question");
            case "info":
                FlowInfo info = await session.GetCounterpartyFlowInfo();
                return $"{info.Protocol} {info.ProtocolVersion}";
            case "close":
                await session.Close();
                return "closed";
            case "sleep":
                await engine.Sleep(TimeSpan.FromSeconds(1));
                return "slept";
            default:
                throw new ArgumentException(word);
        }
    }
}

public sealed class SendReceiveScenarios
{
    private const string Bob = "O=Bob, L=Rome, C=IT";

    [Theory, BothWays]
    public void Nothing_is_sent_before_the_session_is_used(Resume resume) =>
        new Scenario(resume).Start<Script>(new[] { Bob, "sleep" }).SendsNothing().WaitsFor(typeof(WaitForWakeup));

    [Theory, BothWays]
    public void The_first_payload_travels_with_the_first_message(Resume resume)
    {
        Reaction started = new Scenario(resume).Start<Script>(new[] { Bob, "ask" }).Sends(typeof(SessionInit)).SendsPayloads("\"question\"");
        SessionEvent opening = started.Message<SessionInit>();
        var init = (SessionInit)opening.Message;
        Assert.Equal(("script", 1, started.Flow), (init.Protocol, opening.SequenceNumber!.Value, opening.Sender));
        Assert.Equal([1, 2], init.ProtocolVersions);
        started.WaitsFor(typeof(WaitForData));
    }

    [Theory, BothWays]
    public void A_send_does_not_suspend(Resume resume)
    {
        Reaction started = new Scenario(resume).Start<Script>(new[] { Bob, "send", "send", "send" }).Completes("""["sent","sent","sent"]""");
        started.Sends(typeof(SessionInit), typeof(SessionData), typeof(SessionData), typeof(SessionClose));
        Assert.Equal([1, 2, 3, 4], started.Messages.Select(sent => sent.SequenceNumber!.Value));
    }

    [Theory, BothWays]
    public void A_receive_opens_the_session_without_a_payload(Resume resume) =>
        new Scenario(resume).Start<Script>(new[] { Bob, "receive" }).Sends(typeof(SessionInit)).SendsPayloads();

    [Theory, BothWays]
    public void A_receive_of_what_is_already_there_does_not_suspend(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { Bob, "send", "sleep", "receive", "receive" }).Message<SessionInit>());
        bob.Confirm().DoesNothing();
        bob.Data("a").DoesNothing().WaitsFor(typeof(WaitForWakeup));
        bob.Data("b").DoesNothing();
        scenario.Pass(TimeSpan.FromSeconds(1)).Single().Completes("""["sent","slept","a","b"]""");
    }

    [Theory, BothWays]
    public void A_payload_resumes_the_receive_that_waits_for_it(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { Bob, "receive-offer", "ask" }).Message<SessionInit>());
        bob.Confirm().DoesNothing();
        bob.Data(new Offer("milk", 3)).SendsPayloads("\"question\"").PublishesNothing();
        bob.Data("answer").Completes("""["milk for 3","answer"]""");
    }

    [Theory, BothWays]
    public void A_payload_that_its_own_type_refuses_is_an_error_that_the_flow_can_catch(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { Bob, "receive-positive", "sleep", "receive-positive" }).Message<SessionInit>());
        bob.Confirm();
        bob.Data(new { Value = -1 }).WaitsFor(typeof(WaitForWakeup));
        bob.Data(new { Value = 0 });
        Reaction ended = scenario.Pass(TimeSpan.FromSeconds(1)).Single();
        string[] log = System.Text.Json.JsonSerializer.Deserialize<string[]>(ended.Result)!;
        Assert.All([log[0], log[2]], line => Assert.StartsWith("FlowSessionException", line, StringComparison.Ordinal));
        Assert.All([log[0], log[2]], line => Assert.Contains("only what is above zero", line, StringComparison.Ordinal));
    }

    [Theory, BothWays]
    public void A_payload_of_another_type_is_an_error_that_the_flow_can_catch(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { Bob, "receive-offer", "receive" }).Message<SessionInit>());
        bob.Confirm();
        bob.Data(new { Item = "milk", Price = "three" }).WaitsFor(typeof(WaitForData));
        Reaction ended = bob.Data("go on");
        string[] log = System.Text.Json.JsonSerializer.Deserialize<string[]>(ended.Result)!;
        ended.Require(log[0].Contains("$.price", StringComparison.Ordinal) && log[0].Contains(nameof(Offer), StringComparison.Ordinal), "an error with JSON path and type");
        Assert.Equal("go on", log[1]);
    }

    [Theory, BothWays]
    public void A_payload_that_is_no_json_is_not_sent(Resume resume)
    {
        Reaction ended = new Scenario(resume).Start<Script>(new[] { Bob, "send-unwritable" }).SendsNothing();
        Assert.Contains("cannot be written as JSON", ended.Result, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void Counterparty_info_waits_for_the_agreed_version(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Script>(new[] { Bob, "info", "info" }).Sends(typeof(SessionInit)).WaitsFor(typeof(WaitForCounterpartyInfo));
        scenario.PeerOf(started.Message<SessionInit>()).Confirm(2).Completes("""["script 2","script 2"]""");
    }

    [Theory, BothWays]
    public void A_receive_gives_up_after_the_sessions_timeout(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<Script>(new[] { Bob, "receive", "receive" }).Message<SessionInit>());
        bob.Confirm();
        Assert.Empty(scenario.Pass(TimeSpan.FromMinutes(4.9)));
        Reaction late = scenario.Pass(TimeSpan.FromMinutes(0.1)).Single().WaitsFor(typeof(WaitForData));
        late.SendsNothing();
        Reaction ended = bob.Data("after all");
        ended.Require(
            ended.Result.Contains("FlowSessionTimeoutException", StringComparison.Ordinal)
            && ended.Result.Contains("after all", StringComparison.Ordinal),
            "a timeout, and then the payload");
    }

    [Theory, BothWays]
    public void An_answer_to_the_counterparty_info_question_can_time_out(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Start<Script>(new[] { Bob, "info" });
        Reaction ended = scenario.Pass(TimeSpan.FromMinutes(5)).Single();
        Assert.Contains("FlowSessionTimeoutException", ended.Result, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void An_unknown_counterparty_is_told_at_the_first_use(Resume resume)
    {
        Reaction ended = new Scenario(resume).Start<Script>(new[] { "O=Nobody, L=Nowhere, C=ZZ", "send", "receive", "info" }).SendsNothing();
        string[] log = System.Text.Json.JsonSerializer.Deserialize<string[]>(ended.Result)!;
        Assert.All(log, line => Assert.StartsWith("CounterpartyFlowException: O=Nobody, L=Nowhere, C=ZZ failed: there is no such member", line, StringComparison.Ordinal));
        Assert.All(log, line => Assert.Contains(ErrorTypes.UnknownCounterparty, line, StringComparison.Ordinal));
    }
}
