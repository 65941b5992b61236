using Corda.Workers.Cluster;

namespace Corda.Tests.Cluster;

public sealed class EvictionOrderTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkerIdentity[] Workers = [.. Enumerable.Range(0, 8).Select(i => new WorkerIdentity($"w{i}", Start))];

    [Fact]
    public void All_survivors_agree_on_one_order_in_whatever_order_they_know_each_other()
    {
        foreach (WorkerIdentity dead in Workers)
        {
            (WorkerIdentity, bool)[] survivors = [.. Workers.Where(w => w != dead).Select(w => (w, true))];
            int[] places = [.. survivors.Select(one => EvictionOrder.PlaceOf(dead, one.Item1, survivors.Reverse()))];
            Assert.Equal(Enumerable.Range(0, survivors.Length), places.Order());
        }
    }

    [Fact]
    public void Each_death_has_an_order_of_its_own()
    {
        HashSet<WorkerIdentity> first = [];
        for (int i = 0; i < 100; i++)
        {
            var dead = new WorkerIdentity($"dead{i}", Start);
            first.Add(Workers.Single(w => EvictionOrder.PlaceOf(dead, w, Workers.Select(s => (s, true))) == 0));
        }

        Assert.Equal(Workers.Length, first.Count);
    }

    [Fact]
    public void Those_that_wait_for_the_partitions_come_first()
    {
        var dead = new WorkerIdentity("dead", Start);
        (WorkerIdentity Worker, bool SharesRole)[] survivors = [.. Workers.Select((w, i) => (w, i % 2 == 0))];

        Assert.All(survivors, one => Assert.Equal(one.SharesRole, EvictionOrder.PlaceOf(dead, one.Worker, survivors) < Workers.Length / 2));
    }

    [Fact]
    public void Who_goes_last_is_asked_only_when_all_others_are_gone()
    {
        var dead = new WorkerIdentity("dead", Start);
        Assert.Equal(0, EvictionOrder.PlaceOf(dead, Workers[3], [(Workers[3], false)]));
    }
}
