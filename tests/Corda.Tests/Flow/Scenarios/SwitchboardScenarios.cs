using Corda.Flows;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;

namespace Corda.Tests.Flow.Scenarios;

public sealed record Auction(MemberX500Name[] Bidders, int Lots);

/// <summary>Three parties and more: sends every lot to all bidders, collects their bids, tells the winner; closes all sessions in a sub-flow each.</summary>
[InitiatingFlow("auction")]
public sealed class Auctions(IFlowMessaging messaging, IFlowEngine engine) : ClientStartableFlow<Auction, string[]>
{
    public override async FlowTask<string[]> Call(Auction request)
    {
        FlowSession[] bidders = [.. request.Bidders.Select(bidder => messaging.InitiateFlow(bidder))];
        var sold = new List<string>();
        for (int lot = 1; lot <= request.Lots; lot++)
        {
            await messaging.SendAll($"lot {lot}", bidders);
            int[] bids = await messaging.ReceiveAll<int>(bidders);
            int winner = Array.IndexOf(bids, bids.Max());
            await messaging.SendAll(bidders[winner].Counterparty.Organization, bidders);
            string receipt = await engine.SubFlow(new CollectsPayment(messaging, request.Bidders[winner], bids[winner]));
            sold.Add($"lot {lot}: {receipt}");
        }

        await messaging.SendAll("over", bidders);
        foreach (FlowSession bidder in bidders) await bidder.Close();
        return [.. sold];
    }
}

[InitiatedBy("auction")]
public sealed class Bids(IFlowEngine engine) : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        int won = 0;
        while (await session.Receive<string>() is { } lot && lot != "over")
        {
            await session.Send((lot.Length * 7 + engine.VirtualNodeName.Organization.Length * 3 + int.Parse(lot.Split(' ')[1])) % 11);
            if (await session.Receive<string>() == engine.VirtualNodeName.Organization) won++;
        }

        await session.Close();
        _ = won;
    }
}

[InitiatingFlow("payment")]
public sealed class CollectsPayment(IFlowMessaging messaging, MemberX500Name payer, int amount) : SubFlow<string>
{
    public override async FlowTask<string> Call()
    {
        FlowSession session = messaging.InitiateFlow(payer);
        return await session.SendAndReceive<string>(amount);
    }
}

[InitiatedBy("payment")]
public sealed class Pays(IFlowEngine engine) : ResponderFlow
{
    public override async FlowTask Call(FlowSession session)
    {
        int amount = await session.Receive<int>();
        await engine.Sleep(TimeSpan.Zero);
        await session.Send($"{engine.VirtualNodeName.Organization} pays {amount}");
    }
}

public sealed class SwitchboardScenarios
{
    private static readonly Auction ThreeLots = new([TestNetwork.Bob.Name, TestNetwork.Charlie.Name, TestNetwork.Alice.Name], 3);
    private static readonly int SeedBase = Environment.TickCount & 0xFFFF;

    [Theory, BothWays]
    public void An_auction_over_many_sessions_ends_well_for_everybody(Resume resume) => Auction(resume, seed: null);

    [Theory, BothWays]
    public void Sessions_survive_any_order_and_repetition_of_their_messages(Resume resume)
    {
        string expected = Auction(resume, seed: null);
        for (int run = 0; run < 25; run++) Assert.Equal(expected, Auction(resume, SeedBase + run));
    }

    [Theory, BothWays]
    public void Ping_pong_survives_any_order_and_repetition_of_its_messages(Resume resume)
    {
        for (int run = 0; run < 25; run++)
        {
            var scenario = new Scenario(resume);
            Reaction started = scenario.Start<Ping>(new Rounds(TestNetwork.Bob.Name, 10));
            new Switchboard(scenario, SeedBase + run).Post(started).UntilQuiet().Completed(started.Flow, "20");
            AllCompleted(scenario, SeedBase + run);
        }
    }

    [Theory, BothWays]
    public void A_step_that_is_done_again_after_an_aborted_transaction_does_the_same(Resume resume)
    {
        var scenario = new Scenario(resume) { AbortsFirstTry = true };
        Reaction started = scenario.Start<Auctions>(ThreeLots);
        new Switchboard(scenario).Post(started).UntilQuiet();
        AllCompleted(scenario, seed: null);
    }

    private static string Auction(Resume resume, int? seed)
    {
        var scenario = new Scenario(resume);
        Reaction started = scenario.Start<Auctions>(ThreeLots);
        var switchboard = new Switchboard(scenario, seed);
        switchboard.Post(started).UntilQuiet();
        FlowStatus[] ends = [.. switchboard.StatusesOf(started.Flow).Where(status => status.State != FlowState.Running)];
        Assert.True(ends is [{ State: FlowState.Completed }], $"seed {seed}: ended as {string.Join("; ", ends.Select(end => end.ToString()))}");
        AllCompleted(scenario, seed);
        return ends[0].Result!;
    }

    private static void AllCompleted(Scenario scenario, int? seed) => Assert.All(
        scenario.States.Values, state => Assert.True(state is FinishedFlow { State: FlowState.Completed }, $"seed {seed}: {state}"));
}
