using System.Text.Json;
using Corda.Flows;
using Corda.Samples;
using Corda.Samples.Trading;
using Corda.Tests.Flow.Scenarios.Support;
using Corda.Workers.Contracts;

namespace Corda.Tests.Samples;

/// <summary>What each sample does for what it is asked.</summary>
public sealed class SampleScenarios
{
    private static readonly MemberX500Name Bob = TestNetwork.Bob.Name;
    private static readonly MemberX500Name Charlie = TestNetwork.Charlie.Name;

    [Theory, BothWays]
    public void Ping_pong_brings_every_ball_back(Resume resume) =>
        Assert.Equal(new PingPongResult(20, Bob), Run<PingPong, PingPongResult>(resume, new PingPongRequest(Bob, 20)));

    [Theory, BothWays]
    public void Countdown_takes_the_time_it_was_given(Resume resume) =>
        Assert.Equal(new CountdownResult(3, 300), Run<Countdown, CountdownResult>(resume, new CountdownRequest(3, 100)));

    [Theory, BothWays]
    public void Broadcast_collects_answers_and_reports_who_cannot_be_reached(Resume resume)
    {
        MemberX500Name nobody = TestNetwork.Nobody.Name;

        BroadcastResult result = Run<Broadcast, BroadcastResult>(resume, new BroadcastRequest([Bob, nobody, Charlie, Bob], "news"));

        Assert.Equal([Bob, nobody, Charlie], result.Answers.Select(a => a.Counterparty));
        Assert.Equal(["Bob heard: news", null, "Charlie heard: news"], result.Answers.Select(a => a.Answer));
        Assert.Contains("Nobody", result.Answers[1].Error, StringComparison.Ordinal);
        Assert.Equal(2, result.Confirmed);
    }

    [Theory, BothWays]
    public void Broadcast_reports_counterparties_that_fail(Resume resume)
    {
        BroadcastResult result = Run<Broadcast, BroadcastResult>(resume, new BroadcastRequest([Bob, Charlie], "fail"));

        Assert.All(result.Answers, answer => Assert.Contains("failed as asked", answer.Error, StringComparison.Ordinal));
        Assert.Equal(0, result.Confirmed);
    }

    [Theory, BothWays]
    public void A_trade_settles_at_the_price_on_which_the_parties_meet(Resume resume)
    {
        BuyResult result = Trade(resume, new BuyRequest(Bob, Charlie));

        Assert.Equal((TradeOutcome.Settled, 90m), (result.Outcome, result.Price));
        Assert.Equal(["bid 70.0", "bid 85", "bid 90"], result.Steps.Where(s => s.StartsWith("bid", StringComparison.Ordinal)).Select(s => s.Replace(".00", "", StringComparison.Ordinal)));
        Assert.Contains($"regulator: approved (trade {result.Reference}: up to 10000 is free)", result.Steps);
        Assert.Equal($"seller: delivered, trade {result.Reference}", result.Steps[^1]);
    }

    [Theory, BothWays]
    public void A_trade_ends_without_a_deal_when_the_limit_is_too_low(Resume resume)
    {
        BuyResult result = Trade(resume, new BuyRequest(Bob, Charlie, "tulip", Limit: 30));

        Assert.Equal((TradeOutcome.NoDeal, null), (result.Outcome, result.Price));
        Assert.Contains("no further bid", result.Steps[^1], StringComparison.Ordinal);
    }

    [Theory, BothWays]
    public void A_trade_ends_at_once_when_the_item_is_not_for_sale(Resume resume)
    {
        BuyResult result = Trade(resume, new BuyRequest(Bob, Charlie, "unicorn"));

        Assert.Equal(TradeOutcome.NoDeal, result.Outcome);
        Assert.Equal(2, result.Steps.Count);
    }

    [Theory, BothWays]
    public void A_trade_that_the_regulator_refuses_does_not_settle(Resume resume)
    {
        BuyResult result = Trade(resume, new BuyRequest(Bob, Charlie, "diamond", Limit: 25_000));

        Assert.Equal((TradeOutcome.Forbidden, null), (result.Outcome, result.Price));
        Assert.Equal($"seller: kept, trade {result.Reference}", result.Steps[^1]);
    }

    [Theory, BothWays]
    public void A_trade_ends_when_the_seller_does_not_answer_in_time(Resume resume)
    {
        BuyResult result = Trade(resume, new BuyRequest(Bob, Charlie, AnswerTimeoutMs: 1_000, SellerThinkMs: 5_000));

        Assert.Equal(TradeOutcome.SellerSilent, result.Outcome);
        Assert.Equal("no answer within 1000 ms", result.Steps[^1]);
    }

    private static BuyResult Trade(Resume resume, BuyRequest request)
    {
        BuyResult result = Run<Buy, BuyResult>(resume, request);
        Assert.Matches("^[0-9a-f]{32}$", result.Reference);
        return result;
    }

    private static TResult Run<TFlow, TResult>(Resume resume, object request)
    {
        var scenario = new Scenario(resume);
        var board = new Switchboard(scenario);
        StartFlow start = scenario.StartEvent<TFlow>(request);
        board.Post(scenario.Deliver(start)).UntilQuiet();
        for (int tick = 0; tick < 100 && board.StatusesOf(start.FlowId)[^1].State == FlowState.Running; tick++)
        {
            scenario.Clock.Advance(TimeSpan.FromMilliseconds(100));
            board.UntilQuiet();
        }

        FlowStatus last = board.StatusesOf(start.FlowId)[^1];
        Assert.True(last.State == FlowState.Completed, $"{last.FlowClassName} ended {last.State}: {last.Error}");
        return JsonSerializer.Deserialize<TResult>(last.Result!, FlowJson.Options)!;
    }
}
