using Corda.Tests.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Rpc;
using Corda.Workers.Storage;
using static Corda.Tests.Rpc.TestStatuses;

namespace Corda.Tests.Rpc;

public sealed class KnownStatusesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SpillTable spill;
    private readonly KnownStatuses statuses;

    public KnownStatusesTests()
    {
        spill = new SpillTable(Path.Combine(folder.Path, "statuses.db"));
        statuses = new KnownStatuses(spill, endedBytesMax: 10_000);
    }

    public void Dispose()
    {
        spill.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Results_beyond_the_budget_leave_the_memory_and_are_still_there_to_be_asked_for()
    {
        FlowStatus[] ended = [.. Enumerable.Range(0, 50).Select(i => Of($"r{i}", FlowState.Completed) with { Result = new string((char)('a' + (i % 26)), 1000) })];
        FlowStatus running = Of("running");
        statuses.Put(running);
        foreach (FlowStatus status in ended) statuses.Put(status);

        Assert.InRange(statuses.InMemory, 2, 5);
        Assert.All(ended, status => Assert.Equal(status, statuses.Find(status.FlowId)));
        Assert.Same(running, statuses.Find(running.FlowId));
    }

    [Fact]
    public void What_has_left_the_memory_can_be_forgotten_and_started_anew()
    {
        FlowStatus large = Of("a", FlowState.Completed) with { Result = new string('x', 20_000) };
        statuses.Put(large);
        Assert.Equal(0, statuses.InMemory);

        statuses.Remove(large.FlowId);
        Assert.Null(statuses.Find(large.FlowId));
        Assert.Null(spill.Find(large.FlowId.ToKey()));

        statuses.Put(large);
        FlowStatus anew = Of("a", createdAtSecond: 5);
        statuses.Put(anew);
        Assert.Same(anew, statuses.Find(anew.FlowId));
        statuses.Put(anew with { State = FlowState.Failed });
        Assert.Equal(FlowState.Failed, statuses.Find(anew.FlowId)?.State);
    }

    [Fact]
    public void A_file_of_a_former_process_is_made_anew()
    {
        string path = Path.Combine(folder.Path, "old.db");
        using (var old = new SpillTable(path)) old.Put([1], [2]);
        using var fresh = new SpillTable(path);
        Assert.Null(fresh.Find([1]));
    }
}
