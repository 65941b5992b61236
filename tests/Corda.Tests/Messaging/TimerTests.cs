using Corda.Tests.Support;

namespace Corda.Tests.Messaging;

public class TimerTests : IAsyncDisposable
{
    private readonly StateAndEventRig rig;

    public TimerTests()
        : this(spills: false)
    {
    }

    protected TimerTests(bool spills)
    {
        rig = new StateAndEventRig(spills);
        rig.Processor.OnText = (_, state, text, context) => text switch
        {
            "clear" => TextProcessor.Append(state, text),
            _ when double.TryParse(text, out double seconds) => TextProcessor.Append(state, text, dueAt: context.Now.AddSeconds(seconds)),
            _ => null,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_state_is_called_when_it_is_due_and_not_earlier()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "5");
        await rig.StateBecomes("aaaa", "5");
        rig.Time.Advance(TimeSpan.FromSeconds(4.9));
        await rig.Publish("bbbb", "x");
        await rig.StateBecomes("bbbb", "x");
        Assert.Equal("5", rig.State("aaaa"));
        rig.Time.Advance(TimeSpan.FromSeconds(0.1));
        await rig.StateBecomes("aaaa", "5,due");
    }

    [Theory]
    [InlineData("9")]
    [InlineData("clear")]
    public async Task What_a_later_step_asks_for_replaces_the_earlier_time(string later)
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "5");
        await rig.StateBecomes("aaaa", "5");
        await rig.Publish("aaaa", later);
        await rig.StateBecomes("aaaa", $"5,{later}");
        rig.Time.Advance(TimeSpan.FromSeconds(6));
        await rig.Publish("bbbb", "x");
        await rig.StateBecomes("bbbb", "x");
        Assert.Equal($"5,{later}", rig.State("aaaa"));
        if (later == "9")
        {
            rig.Time.Advance(TimeSpan.FromSeconds(3));
            await rig.StateBecomes("aaaa", "5,9,due");
        }
    }

    [Fact]
    public async Task A_time_that_comes_while_no_worker_runs_is_kept_when_one_does()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "5");
        await rig.StateBecomes("aaaa", "5");
        await rig.Kill();
        rig.Time.Advance(TimeSpan.FromSeconds(60));
        rig.Start();
        await rig.StateBecomes("aaaa", "5,due", rig.PassTime);
        Assert.Equal([1L, 2L], rig.History("aaaa").Select(record => record!.Version));
    }

    [Fact]
    public async Task A_due_time_whose_commit_fails_comes_again()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "5");
        await rig.StateBecomes("aaaa", "5");
        int failures = 0;
        rig.Bus.Faults = _ => failures++ < 2 ? CommitFault.Transient : CommitFault.None;
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        await rig.StateBecomes("aaaa", "5,due", rig.PassTime);
        Assert.True(failures > 2, "the commits failed");
    }

    [Fact]
    public async Task Many_timers_of_many_keys_all_come_in_order_of_time()
    {
        var order = new System.Collections.Concurrent.ConcurrentQueue<string>();
        rig.Processor.OnTime = (key, _, _) =>
        {
            order.Enqueue(key);
            return null;
        };
        await rig.StartReady(settings => settings with { StepThreads = 1, BatchMax = 10 });
        string[] keys = [.. Enumerable.Range(0, 30).Select(n => $"aaaa-{n:00}")];
        await rig.Publish([.. keys.Select((key, n) => TextProcessor.To(key, $"{100 - n}"))]);
        await rig.StateBecomes(keys[^1], "71");
        rig.Time.Advance(TimeSpan.FromSeconds(200));
        await Eventually.Equal(30, () => order.Count, "the number of timers");
        Assert.Equal(keys.Reverse(), order);
    }
}
