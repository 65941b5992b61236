using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;

namespace Corda.Tests.Flow.Scenarios;

/// <summary>Puts a property, then asks a sub-flow and Bob what they see of it.</summary>
[InitiatingFlow("properties")]
public sealed class Properties(IFlowEngine engine, IFlowMessaging messaging) : ClientStartableFlow<int, string[]>
{
    public override async FlowTask<string[]> Call(int request)
    {
        engine.Properties.Put("trade", "T1");
        FlowSession bob = messaging.InitiateFlow(TestNetwork.Bob.Name);
        engine.Properties.Put("late", "set after the session was opened");
        string inSubFlow = await engine.SubFlow(new SeesProperties(engine));
        string atBob = await bob.Receive<string>();
        return [inSubFlow, engine.Properties["trade"]!, engine.Properties["inner"] ?? "hidden", atBob];
    }
}

public sealed class SeesProperties(IFlowEngine engine) : SubFlow<string>
{
    public override async FlowTask<string> Call()
    {
        string? outer = engine.Properties["trade"];
        engine.Properties.Put("trade", "T2");
        engine.Properties.Put("inner", "of the sub-flow");
        await engine.Sleep(TimeSpan.Zero);
        return $"{outer} then {engine.Properties["trade"]}";
    }
}

[InitiatedBy("properties")]
public sealed class PropertiesResponder(IFlowContextProperties properties) : ResponderFlow
{
    public override async FlowTask Call(FlowSession session) => await session.Send($"{properties["trade"]}, {properties["late"] ?? "no late"}");
}

public sealed class PutsPlatformProperty(IFlowEngine engine) : ClientStartableFlow<int, int>
{
    public override async FlowTask<int> Call(int request)
    {
        engine.Properties.Put("corda.secret", "x");
        await FlowTask.CompletedTask;
        return 1;
    }
}

public sealed class Members(IMemberLookup members, IFlowEngine engine, IFlowLog log) : ClientStartableFlow<int, string[]>
{
    public override async FlowTask<string[]> Call(int request)
    {
        await engine.Sleep(TimeSpan.Zero);
        log.Info("looking around");
        return
        [
            members.MyInfo().Name.Organization,
            members.Lookup(TestNetwork.Bob.Name)?.GroupId ?? "none",
            members.Lookup(TestNetwork.Nobody.Name)?.GroupId ?? "none",
            .. members.Lookup().Select(member => member.Name.Organization),
        ];
    }
}

/// <summary>Reads the clock before and after a sleep: nothing is replayed, so any clock may be read.</summary>
public sealed class ReadsTheClock(IFlowEngine engine, TimeProvider clock) : ClientStartableFlow<int, double>
{
    public override async FlowTask<double> Call(int request)
    {
        DateTimeOffset before = clock.GetUtcNow();
        await engine.Sleep(TimeSpan.FromSeconds(request));
        return (clock.GetUtcNow() - before).TotalSeconds;
    }
}

/// <summary>Calls a service from a thread of its own.</summary>
public sealed class LeavesItsThread(IFlowEngine engine) : ClientStartableFlow<int, string>
{
    public override async FlowTask<string> Call(int request)
    {
        string problem = "none";
        var thread = new Thread(() =>
        {
            try
            {
                _ = engine.Sleep(TimeSpan.Zero);
            }
            catch (FlowUsageException error)
            {
                problem = error.Message;
            }
        });
        thread.Start();
        thread.Join();
        await FlowTask.CompletedTask;
        return problem;
    }
}

public sealed class SurroundingsScenarios
{
    [Theory, BothWays]
    public void Properties_travel_inwards_and_to_counterparties_and_never_back(Resume resume)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Properties>(1);
        new Switchboard(scenario).Post(started).UntilQuiet().Completed(started.Flow, """["T1 then T2","T1","hidden","T1, no late"]""");
    }

    [Theory, BothWays]
    public void Properties_of_the_platform_cannot_be_put(Resume resume) =>
        new Scenario(resume).Start<PutsPlatformProperty>(1).Fails(typeof(ArgumentException).FullName!, "corda.secret");

    [Theory, BothWays]
    public void Members_are_the_virtual_nodes_of_the_group(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Network.Add(new HoldingIdentity("O=Stranger, L=Bonn, C=DE", "another-group"));
        scenario.Start<Members>(1);
        scenario.FireDue().Single().Completes("""["Alice","test-group","none","Alice","Bob","Charlie"]""");
    }

    [Theory, BothWays]
    public void A_clock_may_be_read_at_any_time(Resume resume)
    {
        var scenario = new Scenario(resume);
        scenario.Start<ReadsTheClock>(30);
        scenario.Pass(TimeSpan.FromSeconds(42)).Single().Completes("42");
    }

    [Theory, BothWays]
    public void A_call_from_another_thread_is_refused(Resume resume)
    {
        Reaction ended = new Scenario(resume).Start<LeavesItsThread>(1);
        Assert.Contains("outside a flow", ended.Result, StringComparison.Ordinal);
    }
}
