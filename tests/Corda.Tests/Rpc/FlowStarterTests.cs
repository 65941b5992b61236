using System.Text.Json;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;
using Corda.Workers.Rpc;
using Microsoft.Extensions.Time.Testing;
using static Corda.Tests.Rpc.TestStatuses;

namespace Corda.Tests.Rpc;

public sealed class FlowStarterTests
{
    private readonly FakeTimeProvider time = new();
    private readonly VirtualNodeView nodes = new();
    private readonly FlowStatusView statuses;
    private readonly ScriptedPublisher publisher = new();
    private readonly FlowStarter starter;

    public FlowStarterTests()
    {
        statuses = new FlowStatusView(time, new RpcOptions());
        var node = new VirtualNodeInfo(Alice, new CpiInfo("test", "1", ["h"]), FlowStartActive: true, Epoch);
        nodes.OnNext(System.Text.Encoding.UTF8.GetBytes(Alice.ShortHash), node);
        starter = new FlowStarter(nodes, new StartableFlows(new OnePackage()), statuses, publisher, new RpcOptions(), time);
    }

    private sealed record Order(string Item, int Count);

    private static class Shop
    {
        internal sealed class Buy;
    }

    private static class Market
    {
        internal sealed class Buy;
    }

    [Fact]
    public async Task A_start_is_accepted_when_a_flow_worker_has_confirmed_it()
    {
        publisher.OnPublish = start => Confirm(start);
        StartOutcome outcome = await Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        Assert.Equal("r1", Assert.IsType<StartOutcome.Accepted>(outcome).Status.ClientRequestId);
        Assert.Single(publisher.Starts);
    }

    [Fact]
    public async Task A_repeated_start_is_answered_without_starting_again()
    {
        publisher.OnPublish = start => Confirm(start, FlowState.Completed);
        await Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        StartOutcome outcome = await Start("r1", "Order.Place", """ { "count": 1, "item": "pen" } """);
        Assert.Equal(FlowState.Completed, Assert.IsType<StartOutcome.Accepted>(outcome).Status.State);
        Assert.Single(publisher.Starts);
    }

    [Theory]
    [InlineData("Sales.Vanished")]
    [InlineData("Vanished")]
    public async Task A_repeated_start_is_answered_though_node_class_and_request_type_have_changed(string className)
    {
        KnowVanished("""{"what":["it","took","then"]}""");
        nodes.OnNext(System.Text.Encoding.UTF8.GetBytes(Alice.ShortHash), new VirtualNodeInfo(Alice, new CpiInfo("test", "1", ["h"]), FlowStartActive: false, Epoch));

        Assert.IsType<StartOutcome.Accepted>(await Start("r1", className, """{ "what": ["it", "took", "then"] }"""));
        Assert.IsType<StartOutcome.Accepted>(await Start("r1", className, """ "{\"what\":[\"it\",\"took\",\"then\"]}" """));
        Assert.IsType<StartOutcome.NodeInactive>(await Start("r1", className, """{"what":[]}"""));
        Assert.IsType<StartOutcome.NodeInactive>(await Start("r1", className, "\"{no json\""));
        Assert.Empty(publisher.Starts);
    }

    [Theory]
    [InlineData("Order.Place")]
    [InlineData("anished")]
    public async Task Another_class_under_a_taken_id_is_no_repeated_start(string className)
    {
        KnowVanished("""{"what":1}""");
        Assert.IsNotType<StartOutcome.Accepted>(await Start("r1", className, """{"what":1}"""));
    }

    private void KnowVanished(string body) => Confirm(new StartFlow(Alice, "r1", "Sales.Vanished", body, Epoch), FlowState.Completed);

    [Theory]
    [InlineData("Order.Place", """{"item":"pen","count":2}""", "body differs")]
    [InlineData("Order.Cancel", """{"item":"pen","count":1}""", "Order.Place")]
    public async Task Another_start_under_a_taken_id_is_told_what_differs(string className, string body, string difference)
    {
        publisher.OnPublish = start => Confirm(start);
        await Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        var conflict = Assert.IsType<StartOutcome.Conflict>(await Start("r1", className, body));
        Assert.Contains(difference, conflict.Difference, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_that_lost_a_race_is_a_conflict_though_it_was_published()
    {
        publisher.OnPublish = start => Confirm(start with { RequestBody = """{"item":"ink","count":9}""" });
        Assert.IsType<StartOutcome.Conflict>(await Start("r1", "Order.Place", """{"item":"pen","count":1}"""));
    }

    [Fact]
    public async Task Without_a_flow_worker_the_client_is_asked_to_repeat()
    {
        Task<StartOutcome> start = Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains("No flow worker", Assert.IsType<StartOutcome.Unavailable>(await start.WaitAsync(TimeSpan.FromSeconds(10))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_is_durable_but_not_confirmed_is_shown_as_START_REQUESTED()
    {
        Task<StartOutcome> start = Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        FlowId flow = Assert.Single(publisher.Starts).FlowId;
        FlowStatus shown = statuses.Find(flow)!;
        Assert.Equal((FlowState.StartRequested, "r1", "Order.Place"), (shown.State, shown.ClientRequestId, shown.FlowClassName));
        Assert.Equal(shown, Assert.Single(statuses.List(Alice.ShortHash, FlowState.StartRequested, null, 10).Flows));

        time.Advance(TimeSpan.FromSeconds(10));
        string reason = Assert.IsType<StartOutcome.Unavailable>(await start.WaitAsync(TimeSpan.FromSeconds(10))).Reason;
        Assert.Contains("is durable and will run once", reason, StringComparison.Ordinal);
        Assert.Contains($"GET /api/v1/flow/{Alice.ShortHash}/r1", reason, StringComparison.Ordinal);
        Assert.Equal(FlowState.StartRequested, statuses.Find(flow)?.State);

        Confirm(publisher.Starts.Single(), FlowState.Running);
        Assert.Equal(FlowState.Running, statuses.Find(flow)?.State);
        Assert.Equal(FlowState.Running, Assert.Single(statuses.List(Alice.ShortHash, null, null, 10).Flows).State);
    }

    [Fact]
    public async Task A_repeat_of_an_unconfirmed_start_waits_for_the_same_confirmation_and_another_start_learns_why_it_must_wait()
    {
        Task<StartOutcome> first = Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        Task<StartOutcome> other = Start("r1", "Order.Place", """{"item":"ink","count":1}""");
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.IsType<StartOutcome.Unavailable>(await first.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Contains("Another start with clientRequestId 'r1'", Assert.IsType<StartOutcome.Unavailable>(await other.WaitAsync(TimeSpan.FromSeconds(10))).Reason, StringComparison.Ordinal);

        Task<StartOutcome> again = Start("r1", "Order.Place", """{"item":"pen","count":1}""");
        Assert.False(again.IsCompleted);
        Confirm(Assert.Single(publisher.Starts), FlowState.Running);

        Assert.IsType<StartOutcome.Accepted>(await again.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_bus_is_away_or_nobody_confirms_starts_only_so_many_are_taken(bool busIsAway)
    {
        var back = new TaskCompletionSource();
        if (busIsAway) publisher.Durable = back.Task;
        var few = new FlowStarter(nodes, new StartableFlows(new OnePackage()), statuses, publisher, new RpcOptions { UnconfirmedStartsMax = 1 }, time);
        Task<StartOutcome> first = few.Start(new StartRequest(Alice.ShortHash, "r1", "Order.Place", JsonElement.Parse("""{"item":"pen","count":1}""")), CancellationToken.None);

        StartOutcome second = await few.Start(new StartRequest(Alice.ShortHash, "r2", "Order.Place", JsonElement.Parse("""{"item":"pen","count":1}""")), CancellationToken.None);

        Assert.Contains("was not recorded", Assert.IsType<StartOutcome.Unavailable>(second).Reason, StringComparison.Ordinal);
        back.SetResult();
        Confirm(Assert.Single(publisher.Starts));
        Assert.IsType<StartOutcome.Accepted>(await first.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_repeat_of_a_start_that_is_on_its_way_to_the_bus_is_not_sent_there_twice()
    {
        var taken = new TaskCompletionSource();
        publisher.Durable = taken.Task;
        Task<StartOutcome>[] both = [Start("r1", "Order.Place", """{"item":"pen","count":1}"""), Start("r1", "Order.Place", """{"item":"pen","count":1}""")];

        StartFlow start = Assert.Single(publisher.Starts);
        taken.SetResult();
        Confirm(start);
        foreach (Task<StartOutcome> one in both) Assert.IsType<StartOutcome.Accepted>(await one.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_bus_that_takes_nothing_is_told_of_at_once()
    {
        publisher.OnPublish = _ => throw new MessagingTransientException("disk full");
        Assert.Equal(0, statuses.RequestedCount);
        Assert.Contains("disk full", Assert.IsType<StartOutcome.Unavailable>(await Start("r1", "Order.Place", """{"item":"pen","count":1}""")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publish_with_unknown_outcome_is_decided_by_the_flows_status()
    {
        publisher.OnPublish = start =>
        {
            Confirm(start);
            throw new MessagingIndefiniteException("lost");
        };
        Assert.IsType<StartOutcome.Accepted>(await Start("r1", "Order.Place", """{"item":"pen","count":1}"""));
    }

    [Theory]
    [InlineData("""{"item":"pen"}""", "$", "'count'")]
    [InlineData("""{"item":"pen","count":"many"}""", "$.count", "an integer from")]
    [InlineData("""{"item":"pen","count":1.5}""", "$.count", "an integer from")]
    [InlineData("""{"item":"pen","count":99999999999}""", "$.count", "an integer from")]
    [InlineData("""{"item":"pen","count":1,"colour":"red"}""", "$.colour", "'colour'")]
    [InlineData("""{"item":null,"count":1}""", "$.item", "null")]
    [InlineData("null", "$", "not null")]
    [InlineData("[]", "$", "Order")]
    [InlineData("\"{\\\"item\\\":7,\\\"count\\\":1}\"", "$.item", "a string")]
    public async Task A_body_that_does_not_fit_is_refused_with_place_and_reason(string body, string path, string reason)
    {
        var misfit = Assert.IsType<StartOutcome.BodyMisfit>(await Start("r1", "Order.Place", body)).Misfit;
        Assert.Equal(path, misfit.Path);
        Assert.Contains(reason, misfit.Problem, StringComparison.Ordinal);
        Assert.Empty(publisher.Starts);
    }

    [Fact]
    public async Task A_body_may_be_json_in_a_string_as_in_Corda_5()
    {
        publisher.OnPublish = start => Confirm(start);
        Assert.IsType<StartOutcome.Accepted>(await Start("r1", "Order.Place", """ "{\"item\":\"pen\",\"count\":1}" """));
        Assert.IsType<StartOutcome.Accepted>(await Start("r1", "Order.Place", """{"item":"pen","count":1}"""));
    }

    [Fact]
    public async Task A_simple_name_is_enough_where_it_is_unique_and_told_apart_where_it_is_not()
    {
        publisher.OnPublish = start => Confirm(start);
        Assert.Equal("Order.Place", Assert.IsType<StartOutcome.Accepted>(await Start("r1", nameof(FlowStarterTests), """{"item":"pen","count":1}""")).Status.FlowClassName);
        var ambiguous = Assert.IsType<StartOutcome.NotStartable>(await Start("r2", "Buy", "{}"));
        Assert.Equal(["Market.Buy", "Shop.Buy"], ambiguous.Candidates);
    }

    [Fact]
    public async Task A_class_that_cannot_be_started_is_answered_with_those_that_can()
    {
        var none = Assert.IsType<StartOutcome.NotStartable>(await Start("r1", "Nothing", "{}"));
        Assert.Equal(["Market.Buy", "Order.Cancel", "Order.Place", "Shop.Buy"], none.StartableFlows);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    public async Task An_id_of_another_form_is_refused(string id) =>
        Assert.IsType<StartOutcome.BadRequestId>(await Start(id, "Order.Place", """{"item":"pen","count":1}"""));

    [Fact]
    public async Task The_longest_id_is_taken_and_a_longer_one_is_not()
    {
        publisher.OnPublish = start => Confirm(start);
        Assert.IsType<StartOutcome.Accepted>(await Start(new string('x', 242), "Order.Place", """{"item":"pen","count":1}"""));
        Assert.IsType<StartOutcome.BadRequestId>(await Start(new string('x', 243), "Order.Place", """{"item":"pen","count":1}"""));
    }

    private Task<StartOutcome> Start(string id, string className, string body) =>
        starter.Start(new StartRequest(Alice.ShortHash, id, className, JsonElement.Parse(body)), CancellationToken.None);

    private void Confirm(StartFlow start, FlowState state = FlowState.StartRequested)
    {
        string fingerprint = StartFingerprint.Of(start.FlowClassName, start.RequestBody);
        statuses.OnNext(start.FlowId.ToKey(), Of(start.ClientRequestId, state, fingerprint: fingerprint) with { FlowClassName = start.FlowClassName });
    }

    private sealed class OnePackage : IFlowPackages
    {
        private readonly FlowPackage package = new("test", "1", "h", [], new Dictionary<string, StartableFlowDefinition>
        {
            ["Order.Place"] = new("Order.Place", typeof(FlowStarterTests), typeof(Order), typeof(string), null, []),
            ["Order.Cancel"] = new("Order.Cancel", typeof(string), typeof(Order), typeof(string), null, []),
            ["Shop.Buy"] = new("Shop.Buy", typeof(Shop.Buy), typeof(Order), typeof(string), null, []),
            ["Market.Buy"] = new("Market.Buy", typeof(Market.Buy), typeof(Order), typeof(string), null, []),
        }, []);

        public IReadOnlyList<FlowPackage> Current => [package];

        public FlowPackage Get(string hash) => package;
    }
}
