using Corda.Workers.Contracts;
using Corda.Workers.Rpc;
using Microsoft.Extensions.Time.Testing;
using static Corda.Tests.Rpc.TestStatuses;

namespace Corda.Tests.Rpc;

public sealed class FlowStatusViewTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FlowStatusView view;

    public FlowStatusViewTests() => view = new FlowStatusView(time, new RpcOptions());

    [Fact]
    public void Pages_together_list_every_flow_once_newest_first()
    {
        for (int i = 0; i < 25; i++) See(Of($"r{i}", createdAtSecond: i / 2));

        var seen = new List<FlowStatus>();
        StatusCursor? next = null;
        do
        {
            StatusPage page = view.List(Alice.ShortHash, null, next, 4);
            Assert.InRange(page.Flows.Count, 1, 4);
            seen.AddRange(page.Flows);
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(25, seen.DistinctBy(flow => flow.FlowId).Count());
        Assert.Equal(25, seen.Count);
        Assert.Equal(seen.OrderByDescending(flow => flow.CreatedAt).Select(flow => flow.CreatedAt), seen.Select(flow => flow.CreatedAt));
    }

    [Fact]
    public void Flows_that_start_or_go_while_a_client_pages_neither_shift_nor_hide_others()
    {
        for (int i = 0; i < 6; i++) See(Of($"r{i}", createdAtSecond: i));
        StatusPage first = view.List(Alice.ShortHash, null, null, 3);
        See(Of("newer", createdAtSecond: 100));
        Forget(first.Flows[^1]);

        StatusPage second = view.List(Alice.ShortHash, null, Through(first.Next), 10);

        Assert.Equal(["r5", "r4", "r3"], first.Flows.Select(flow => flow.ClientRequestId));
        Assert.Equal(["r2", "r1", "r0"], second.Flows.Select(flow => flow.ClientRequestId));
        Assert.Null(second.Next);
    }

    [Fact]
    public void A_page_that_is_just_full_is_the_last_one()
    {
        See(Of("a"));
        See(Of("b"));
        Assert.Null(view.List(Alice.ShortHash, null, null, 2).Next);
        Assert.NotNull(view.List(Alice.ShortHash, null, null, 1).Next);
    }

    [Fact]
    public void Only_flows_of_the_node_in_the_state_are_listed()
    {
        See(Of("a", FlowState.Completed));
        See(Of("b"));
        See(Of("c", FlowState.Completed, node: Bob));
        Assert.Equal("a", Assert.Single(view.List(Alice.ShortHash, FlowState.Completed, null, 10).Flows).ClientRequestId);
        Assert.Equal("c", Assert.Single(view.List(Bob.ShortHash.ToLowerInvariant(), null, null, 10).Flows).ClientRequestId);
    }

    [Fact]
    public async Task A_wait_ends_with_the_status_that_meets_its_condition()
    {
        See(Of("a"));
        Task<FlowStatus?> wait = WaitForEnd("a");
        See(Of("b", FlowState.Completed));
        Assert.False(wait.IsCompleted);

        See(Of("a", FlowState.Completed));

        Assert.Equal(FlowState.Completed, (await wait.WaitAsync(TimeSpan.FromSeconds(10)))!.State);
    }

    [Fact]
    public async Task A_wait_for_what_is_already_true_ends_at_once()
    {
        See(Of("a", FlowState.Failed));
        Assert.Equal(FlowState.Failed, (await WaitForEnd("a"))!.State);
    }

    [Fact]
    public async Task A_wait_for_a_flow_not_yet_known_is_met_by_a_snapshot()
    {
        Task<FlowStatus?> wait = WaitForEnd("a");
        FlowStatus ended = Of("a", FlowState.Killed);
        view.OnSnapshot([KeyValuePair.Create(ended.FlowId.ToKey(), ended)]);
        Assert.Equal(ended, await wait.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_wait_gives_up_when_its_time_is_over()
    {
        Task<FlowStatus?> wait = WaitForEnd("a");
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(wait.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await wait.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void A_snapshot_replaces_what_was_known()
    {
        See(Of("old"));
        FlowStatus fresh = Of("new");
        view.OnSnapshot([KeyValuePair.Create(fresh.FlowId.ToKey(), fresh)]);
        Assert.Null(view.Find(Of("old").FlowId));
        Assert.Equal("new", Assert.Single(view.List(Alice.ShortHash, null, null, 10).Flows).ClientRequestId);
    }

    [Fact]
    public void A_flow_started_anew_under_a_forgotten_id_stands_in_the_list_once()
    {
        See(Of("a", FlowState.Completed, createdAtSecond: 1));
        See(Of("a", FlowState.Running, createdAtSecond: 5));
        FlowStatus listed = Assert.Single(view.List(Alice.ShortHash, null, null, 10).Flows);
        Assert.Equal(Epoch.AddSeconds(5), listed.CreatedAt);
    }

    [Fact]
    public void A_start_that_its_flow_worker_confirmed_before_its_publisher_came_to_say_so_is_not_requested()
    {
        See(Of("a", FlowState.Completed));
        view.OnRequested(Of("a", FlowState.StartRequested));
        Assert.Equal(FlowState.Completed, view.Find(Of("a").FlowId)?.State);
        Assert.Equal(0, view.RequestedCount);
        Assert.Single(view.List(Alice.ShortHash, null, null, 10).Flows);
    }

    [Fact]
    public void A_requested_start_survives_a_snapshot_that_does_not_know_it_and_gives_way_to_one_that_does()
    {
        view.OnRequested(Of("a", FlowState.StartRequested, createdAtSecond: 1));
        view.OnSnapshot([]);
        Assert.Equal(FlowState.StartRequested, Assert.Single(view.List(Alice.ShortHash, null, null, 10).Flows).State);

        FlowStatus confirmed = Of("a", createdAtSecond: 2);
        view.OnSnapshot([KeyValuePair.Create(confirmed.FlowId.ToKey(), confirmed)]);
        Assert.Equal(confirmed, Assert.Single(view.List(Alice.ShortHash, null, null, 10).Flows));
    }

    [Fact]
    public async Task A_wait_is_met_by_what_a_flow_worker_says_not_by_what_was_asked()
    {
        Task<FlowStatus?> wait = view.WaitFor(Of("a").FlowId, _ => true, TimeSpan.FromSeconds(60), CancellationToken.None);
        view.OnRequested(Of("a", FlowState.StartRequested, createdAtSecond: 1));
        Assert.False(wait.IsCompleted);
        See(Of("a", createdAtSecond: 5));
        Assert.Equal(FlowState.Running, (await wait.WaitAsync(TimeSpan.FromSeconds(10)))!.State);
        Assert.Equal(Epoch.AddSeconds(5), Assert.Single(view.List(Alice.ShortHash, null, null, 10).Flows).CreatedAt);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense!")]
    [InlineData("MTIz")]
    [InlineData("LTEuMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA")]
    public void A_continuation_that_was_made_up_is_recognised(string text) => Assert.False(StatusCursor.TryParse(text, out _));

    private static StatusCursor Through(StatusCursor? cursor)
    {
        Assert.True(StatusCursor.TryParse(cursor!.Value.ToString(), out StatusCursor read));
        return read;
    }

    private Task<FlowStatus?> WaitForEnd(string clientRequestId) =>
        view.WaitFor(Of(clientRequestId).FlowId, status => status.State.IsTerminal(), TimeSpan.FromSeconds(60), CancellationToken.None);

    private void See(FlowStatus status) => view.OnNext(status.FlowId.ToKey(), status);

    private void Forget(FlowStatus status) => view.OnNext(status.FlowId.ToKey(), null);
}
