using Corda.Workers.Messaging;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Messaging;

/// <summary>What of a loop's failures is told, and how long it waits.</summary>
public sealed class TroubleTests
{
    private readonly FakeTimeProvider time = new();
    private readonly Trouble trouble;

    public TroubleTests() => trouble = new Trouble(time);

    [Fact]
    public void An_outage_is_told_when_it_begins_and_then_twice_a_minute()
    {
        int told = 0;
        for (int second = 0; second < 120; second++)
        {
            if (trouble.Add(LoopFault.Transient)) told++;
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((4, 120, 120, TimeSpan.FromSeconds(120)), (told, trouble.Failures, trouble.InARow, trouble.Since));
    }

    [Fact]
    public void A_failure_of_another_kind_is_news_and_waits_as_the_first_does()
    {
        for (int i = 0; i < 5; i++) trouble.Add(LoopFault.Transient);
        Assert.True(trouble.Add(LoopFault.Evicted));
        Assert.Equal((6, 1), (trouble.Failures, trouble.InARow));
        Assert.False(trouble.Add(LoopFault.Evicted));
    }

    [Fact]
    public void What_happens_after_the_end_of_an_outage_is_another_one()
    {
        trouble.Add(LoopFault.Transient);
        trouble.Clear();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(trouble.Add(LoopFault.Transient));
        Assert.Equal((1, 1, TimeSpan.Zero), (trouble.Failures, trouble.InARow, trouble.Since));
    }
}
