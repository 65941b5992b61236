using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Rpc;
using Microsoft.Extensions.Time.Testing;
using static Corda.Tests.Rpc.TestStatuses;

namespace Corda.Tests.Rpc;

public sealed class FlowKillerTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FlowStatusView statuses;
    private readonly ScriptedPublisher publisher = new();
    private readonly FlowKiller killer;

    public FlowKillerTests()
    {
        statuses = new FlowStatusView(time, new RpcOptions());
        killer = new FlowKiller(publisher, statuses, new RpcOptions());
    }

    [Fact]
    public async Task A_running_flow_is_killed_when_its_status_says_so()
    {
        See(FlowState.Running);
        publisher.OnKill = _ => See(FlowState.Killed);
        Assert.IsType<KillOutcome.Killed>(await Kill());
    }

    [Fact]
    public async Task A_flow_that_ends_before_the_kill_arrives_is_told_of_as_ended()
    {
        See(FlowState.Running);
        publisher.OnKill = _ => See(FlowState.Completed);
        Assert.IsType<KillOutcome.EndedOtherwise>(await Kill());
    }

    [Theory]
    [InlineData(FlowState.Killed, typeof(KillOutcome.Killed))]
    [InlineData(FlowState.Completed, typeof(KillOutcome.EndedOtherwise))]
    [InlineData(FlowState.Failed, typeof(KillOutcome.EndedOtherwise))]
    public async Task Killing_an_ended_flow_publishes_nothing(FlowState state, Type outcome)
    {
        See(state);
        Assert.IsType(outcome, await Kill());
        Assert.Empty(publisher.Events);
    }

    [Fact]
    public async Task A_flow_nobody_knows_cannot_be_killed() => Assert.IsType<KillOutcome.UnknownFlow>(await Kill());

    [Fact]
    public async Task Without_a_flow_worker_the_client_is_asked_to_repeat()
    {
        See(FlowState.Running);
        Task<KillOutcome> kill = Kill();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.IsType<KillOutcome.Unavailable>(await kill.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_bus_that_takes_nothing_is_told_of_at_once()
    {
        See(FlowState.Running);
        publisher.OnKill = _ => throw new MessagingTransientException("disk full");
        Assert.IsType<KillOutcome.Unavailable>(await Kill());
    }

    private Task<KillOutcome> Kill() => killer.Kill(Of("a").FlowId, CancellationToken.None);

    private void See(FlowState state) => statuses.OnNext(Of("a").FlowId.ToKey(), Of("a", state));
}
