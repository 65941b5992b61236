using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Messaging;

namespace Corda.Tests.Flow.Scenarios;

public sealed record Greeting(string Text);

public sealed class Greet(IFlowEngine engine) : ClientStartableFlow<Greeting, string>
{
    public override async FlowTask<string> Call(Greeting request)
    {
        await FlowTask.CompletedTask;
        return $"{request.Text} from {engine.VirtualNodeName.Organization}";
    }
}

/// <summary>Sleeps for as many seconds as it is asked, then answers its id.</summary>
public sealed class Nap(IFlowEngine engine) : ClientStartableFlow<int, string>
{
    public override async FlowTask<string> Call(int request)
    {
        await engine.Sleep(TimeSpan.FromSeconds(request));
        return engine.FlowId;
    }
}

public sealed class StartFlowScenarios
{
    [Theory, BothWays]
    public void A_flow_without_a_suspension_point_completes_in_one_step(Resume resume) =>
        new Scenario(resume).Start<Greet>(new Greeting("Hello")).Completes("\"Hello from Alice\"").SendsNothing();

    [Theory, BothWays]
    public void A_flow_that_suspends_is_running_and_says_so_once(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Nap>(5).Publishes(FlowState.Running).WaitsFor(typeof(WaitForWakeup));
        scenario.Pass(TimeSpan.FromSeconds(5)).Single().Completes($"\"{started.Flow}\"");
    }

    [Theory, BothWays]
    public void A_repeated_start_of_a_running_flow_only_repeats_its_status(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction first = scenario.Start<Nap>(5);
        Reaction again = scenario.Start<Nap>(5).Publishes(FlowState.Running).SendsNothing();
        Assert.Equal(first.Statuses.Single().StartFingerprint, again.Statuses.Single().StartFingerprint);
        Assert.Equal(1, ((RunningFlow)scenario.StateOf(first.Flow)!).SuspendCount);
        scenario.Pass(TimeSpan.FromSeconds(5)).Single().Completes($"\"{first.Flow}\"");
    }

    [Theory, BothWays]
    public void Another_start_of_an_ended_flow_leaves_its_last_status_as_it_stands(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction first = scenario.Start<Greet>(new Greeting("Hello")).Completes("\"Hello from Alice\"");
        foreach (string text in new[] { "Hello", "Bye" })
        {
            Assert.Equal(first.State, scenario.Start<Greet>(new Greeting(text)).DoesNothing().State);
        }
    }

    [Theory, BothWays]
    public void Another_start_of_a_running_flow_is_shown_the_fingerprint_of_the_first(Resume resume)
    {
        var scenario = new Scenario(resume);
        FlowStatus first = scenario.Start<Nap>(5).Statuses.Single();
        FlowStatus other = scenario.Start<Nap>(6).Publishes(FlowState.Running).Statuses.Single();
        Assert.Equal(first.StartFingerprint, other.StartFingerprint);
        Assert.NotEqual(StartFingerprint.Of(typeof(Nap).FullName!, "6"), other.StartFingerprint);
    }

    [Theory, BothWays]
    public void The_state_of_an_ended_flow_is_small_whatever_its_result(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction ended = scenario.Start<Greet>(new Greeting(new string('x', 100_000)));
        Assert.Equal(100_013, ended.Statuses.Single().Result!.Length);
        Assert.InRange(Topics.FlowState.Encode(ended.State!).Length, 1, 64);
    }

    [Theory, BothWays]
    public void An_ended_flow_is_forgotten_after_its_retention_and_its_status_with_it(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction ended = scenario.Start<Greet>(new Greeting("Hello"));
        Assert.Empty(scenario.Pass(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1)));
        Reaction expired = scenario.Pass(TimeSpan.FromSeconds(1)).Single().IsGone();
        Assert.Equal(Topics.FlowStatus, Assert.Single(expired.Outputs).Topic);
        Assert.Null(expired.Outputs[0].Value);
        Assert.Equal(ended.Flow.ToKey(), expired.Outputs[0].Key);
    }

    [Theory, BothWays]
    public void A_start_on_an_unknown_virtual_node_is_retried_and_then_succeeds(Resume resume)
    {
        var scenario = new Scenario(resume);
        StartFlow start = scenario.StartEvent<Nap>(5, by: TestNetwork.Nobody);
        scenario.Parks(start.FlowId, start, attempts: 1).Publishes(FlowState.Retrying);
        scenario.Parks(start.FlowId, start, attempts: 2).PublishesNothing();
        scenario.Network.Add(TestNetwork.Nobody);
        scenario.Deliver(start.FlowId, start, failedAttempts: 2).Publishes(FlowState.Running);
    }

    [Theory, BothWays]
    public void A_start_whose_attempts_are_spent_fails_for_good(Resume resume)
    {
        var scenario = new Scenario(resume);
        StartFlow start = scenario.StartEvent<Nap>(5, by: TestNetwork.Nobody);
        scenario.Abandon(start.FlowId, start, FailureKind.Transient, "the virtual node is not known", attempts: 5)
            .Fails(ErrorTypes.Abandoned, "Transient", "5 attempt", "the virtual node is not known");
        scenario.Deliver(start).DoesNothing().Ended(FlowState.Failed);
    }

    [Theory, BothWays]
    public void A_package_that_cannot_be_loaded_for_now_parks_the_start(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Network.PackageTrouble = "the disk is away";
        StartFlow start = scenario.StartEvent<Greet>(new Greeting("Hello"));
        Reaction parked = scenario.Parks(start.FlowId, start).Publishes(FlowState.Retrying);
        Assert.Contains("the disk is away", parked.Statuses[0].Error!.Message, StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void A_class_that_is_no_startable_flow_fails_by_name(Resume resume) =>
        new Scenario(resume).Start<Pong>().Fails(ErrorTypes.CannotStart, nameof(Pong), "not a client-startable flow");

    [Theory, BothWays]
    public void A_virtual_node_in_maintenance_starts_nothing(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Network.Add(TestNetwork.Alice, active: false);
        scenario.Start<Greet>(new Greeting("Hello")).Fails(ErrorTypes.CannotStart, "takes no new flows");
    }

    [Theory, BothWays]
    public void A_request_that_does_not_fit_fails_with_its_json_path(Resume resume) =>
        new Scenario(resume).Start<Greet>(new { Text = 5 }).Fails("Corda.Flows.FlowException", "$.text", nameof(Greeting));

    [Theory, BothWays]
    public void A_start_under_a_foreign_key_is_discarded(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Deliver(FlowId.OfClientStart("elsewhere", "r1"), scenario.StartEvent<Greet>(new Greeting("Hello"))).DoesNothing().IsGone();
    }
}
