using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Messaging;

namespace Corda.Tests.Flow.Scenarios;

public sealed class TradeRefusedException(string message) : Exception(message);

/// <summary>Opens a session with Bob, sends, receives, and does what it is told to at the end.</summary>
[InitiatingFlow("ending")]
public sealed class EndsAs(IFlowMessaging messaging) : ClientStartableFlow<string, string>
{
    public override async FlowTask<string> Call(string request)
    {
        FlowSession bob = messaging.InitiateFlow(TestNetwork.Bob.Name);
        await bob.Send("hello");
        string word = await bob.Receive<string>();
        if (request == "failure") throw new TradeRefusedException($"no {word}");
        return word;
    }
}

public sealed class ThrowsAtOnce : ClientStartableFlow<int, int>
{
    public override FlowTask<int> Call(int request) => throw new TradeRefusedException("not even begun");
}

public sealed class UnwritableResult : ClientStartableFlow<int, Stream>
{
    public override async FlowTask<Stream> Call(int request)
    {
        await FlowTask.CompletedTask;
        return new MemoryStream();
    }
}

public sealed record Unfinished
{
    public int Sum => throw new ArithmeticException("not summed up yet");
}

public sealed class ResultThatThrows : ClientStartableFlow<int, Unfinished>
{
    public override async FlowTask<Unfinished> Call(int request)
    {
        await FlowTask.CompletedTask;
        return new Unfinished();
    }
}

public sealed class TalksTooMuch : ClientStartableFlow<int, int>
{
    public override FlowTask<int> Call(int request) => throw new TradeRefusedException(new string('x', 100_000));
}

/// <summary>Keeps in a local what no checkpoint can hold.</summary>
public sealed class HoldsAStream(IFlowEngine engine) : ClientStartableFlow<int, long>
{
    public override async FlowTask<long> Call(int request)
    {
        var stream = new MemoryStream();
        await engine.Sleep(TimeSpan.FromSeconds(1));
        return stream.Length;
    }
}

/// <summary>Waits for two tasks of its own that wait for each other.</summary>
public sealed class WaitsForItself : ClientStartableFlow<int, int>
{
    private FlowTask? second;

    public override async FlowTask<int> Call(int request)
    {
        FlowTask first = First();
        await first;
        return 1;
    }

    private async FlowTask First()
    {
        second = Second();
        await second;
    }

    private async FlowTask Second()
    {
        while (second is null) second = new Never().Task;
        await second;
    }

    /// <summary>A task that has been made but that nothing will ever end.</summary>
    private sealed class Never
    {
        public FlowTask Task { get; } = FlowTask.WhenAny(Corda.Flows.CompilerServices.FlowTaskMethodBuilder.Create().Task);
    }
}

public sealed class FlowEndScenarios
{
    [Theory, BothWays]
    public void A_finished_flow_closes_its_sessions(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        bob.Confirm();
        bob.Data("milk").Completes("\"milk\"").Sends(typeof(SessionClose));
    }

    [Theory, BothWays]
    public void A_failing_flow_tells_its_counterparty_and_its_client(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("failure").Message<SessionInit>());
        bob.Confirm();
        string type = typeof(TradeRefusedException).FullName!;
        bob.Data("milk").Fails(type, "no milk").Sends(typeof(SessionError)).TellsCounterparty(type, "no milk");
    }

    [Theory, BothWays]
    public void A_killed_flow_tells_its_counterparty_and_its_client(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<EndsAs>("well");
        Reaction killed = scenario.Deliver(started.Flow, new KillFlow("operator said so")).Ended(FlowState.Killed).Publishes(FlowState.Killed);
        killed.TellsCounterparty(ErrorTypes.Killed, "operator said so");
        Assert.Equal(new FlowError(ErrorTypes.Killed, "operator said so"), killed.Statuses[0].Error);
    }

    [Theory, BothWays]
    public void A_killed_responder_tells_its_initiator_and_has_no_status(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer alice = scenario.Initiator(TestNetwork.Alice, TestNetwork.Bob);
        alice.Init("rally");
        scenario.Deliver(alice.Flow, new KillFlow("gone")).Ended(FlowState.Killed).PublishesNothing().TellsCounterparty(ErrorTypes.Killed, "gone");
    }

    [Theory, BothWays]
    public void Terminal_states_are_final(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        bob.Confirm();
        bob.Data("milk").Completes("\"milk\"");

        scenario.Deliver(bob.Flow, new KillFlow("too late")).DoesNothing().Ended(FlowState.Completed);
        bob.Error("Any", "too late").DoesNothing().Ended(FlowState.Completed);
        scenario.Abandon(bob.Flow, new KillFlow("x"), FailureKind.Permanent, "odd").DoesNothing().Ended(FlowState.Completed);
        scenario.Start<EndsAs>("well").DoesNothing().Ended(FlowState.Completed);
    }

    [Theory, BothWays]
    public void Killing_a_flow_that_never_was_does_nothing(Resume resume) =>
        new Scenario(resume).Deliver(FlowId.OfClientStart("x", "y"), new KillFlow("why not")).DoesNothing().IsGone();

    [Theory, BothWays]
    public void An_exception_from_a_method_that_is_not_async_fails_the_flow_all_the_same(Resume resume) =>
        new Scenario(resume).Start<ThrowsAtOnce>(1).Fails(typeof(TradeRefusedException).FullName!, "not even begun");

    [Theory, BothWays]
    public void A_result_that_is_no_json_fails_the_flow_by_name(Resume resume) =>
        new Scenario(resume).Start<UnwritableResult>(1).Fails("Corda.Flows.FlowException", nameof(UnwritableResult), "cannot be written as JSON");

    [Theory, BothWays]
    public void A_result_whose_own_getter_throws_fails_the_flow_with_that_error(Resume resume)
    {
        Reaction failed = new Scenario(resume).Start<ResultThatThrows>(1);
        failed.Fails("Corda.Flows.FlowException", nameof(ResultThatThrows), "not summed up yet");
        Assert.Null(failed.DeadLetter);
    }

    [Theory, BothWays]
    public void A_boundless_error_message_is_cut(Resume resume)
    {
        Reaction failed = new Scenario(resume).Start<TalksTooMuch>(1).Fails(typeof(TradeRefusedException).FullName!, "xxx");
        Assert.InRange(failed.Statuses[0].Error!.Message.Length, 1000, 5000);
    }

    [Theory, BothWays]
    public void A_flow_that_nothing_can_wake_fails_instead_of_sleeping_forever(Resume resume) =>
        new Scenario(resume).Start<WaitsForItself>(1).Fails(ErrorTypes.Deadlock, nameof(WaitsForItself));

    [Theory, BothWays]
    public void A_local_that_cannot_be_saved_fails_the_flow_by_name_at_its_first_suspension(Resume resume) =>
        new Scenario(resume).Start<HoldsAStream>(1).Fails(ErrorTypes.Checkpoint, nameof(HoldsAStream), "Call", "stream", nameof(MemoryStream));

    [Theory, BothWays]
    public void A_stuck_flow_is_abandoned_with_its_counterparty_told(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<EndsAs>("well");
        Peer bob = scenario.PeerOf(started.Message<SessionInit>());
        scenario.Abandon(started.Flow, bob.Event(Peer.Payload("milk"), 2), FailureKind.Stuck, "ran for 5 s")
            .Fails(ErrorTypes.Abandoned, "Stuck", "ran for 5 s").TellsCounterparty(ErrorTypes.Abandoned, "ran for 5 s");
    }

    [Theory, BothWays]
    public void A_timer_whose_attempts_are_spent_fails_the_flow(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Nap>(5);
        scenario.Abandon(started.Flow, null, FailureKind.CrashLoop, "the process died 3 times", attempts: 3)
            .Fails(ErrorTypes.Abandoned, "CrashLoop", "died 3 times");
    }

    [Theory, BothWays]
    public void Frames_of_another_build_wait_for_a_worker_that_can_read_them(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        bob.Confirm();
        byte[] own = ((RunningFlow)scenario.StateOf(bob.Flow)!).Frames;
        byte[] foreign = [.. own];
        FrameFormat.Seal(foreign, 0xbeef);
        scenario.Tamper(bob.Flow, flow => flow with { Frames = foreign });

        SessionEvent milk = bob.Event(Peer.Payload("milk"), 2);
        FlowError error = scenario.Parks(bob.Flow, milk, patiently: true).Publishes(FlowState.Retrying).Statuses.Single().Error!;
        Assert.Contains("waits for a worker that can read it", error.Message, StringComparison.Ordinal);
        Assert.Contains("layout beef", error.Message, StringComparison.Ordinal);

        scenario.Tamper(bob.Flow, flow => flow with { Frames = own });
        scenario.Deliver(bob.Flow, milk, failedAttempts: 99).Completes("\"milk\"");
    }

    [Theory, BothWays]
    public void A_flow_whose_frames_nobody_can_read_can_be_killed(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        scenario.Tamper(bob.Flow, flow => flow with { Frames = [99, 0, 0, 0, 0, 0, 0] });
        scenario.Deliver(bob.Flow, new KillFlow("away with it")).Publishes(FlowState.Killed).TellsCounterparty(ErrorTypes.Killed);
    }

    [Theory, BothWays]
    public void A_running_flow_waits_for_its_package_without_spending_attempts(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        bob.Confirm();
        scenario.Network.PackageTrouble = "the disk is away";
        FlowError error = scenario.Parks(bob.Flow, bob.Event(Peer.Payload("milk"), 2), patiently: true).Statuses.Single().Error!;
        Assert.Contains($"waits for a worker that has its package {new string('a', 64)}", error.Message, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void A_retry_that_succeeds_shows_running_again(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        bob.Confirm().PublishesNothing();
        scenario.Network.PackageTrouble = "the disk is away";
        SessionEvent milk = bob.Event(Peer.Payload("milk"), 2);
        scenario.Parks(bob.Flow, milk, patiently: true).Publishes(FlowState.Retrying);
        scenario.Network.PackageTrouble = null;
        scenario.Deliver(bob.Flow, milk, failedAttempts: 1).Completes("\"milk\"");
    }

    [Theory, BothWays]
    public void A_retry_after_which_the_flow_still_waits_shows_running_again(Resume resume)
    {
        var scenario = new Scenario(resume);
        Peer bob = scenario.PeerOf(scenario.Start<EndsAs>("well").Message<SessionInit>());
        scenario.Deliver(bob.Flow, bob.Event(new SessionConfirm(1), 1), failedAttempts: 2).Publishes(FlowState.Running);
    }
}
