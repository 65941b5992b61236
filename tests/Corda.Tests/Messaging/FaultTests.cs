using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Messaging;

public class FaultTests : IAsyncDisposable
{
    private readonly StateAndEventRig rig;

    public FaultTests()
        : this(spills: false)
    {
    }

    protected FaultTests(bool spills)
    {
        rig = new StateAndEventRig(spills);
        rig.Processor.OnText = static (key, state, text, _) => text switch
        {
            _ when text.EndsWith('?') => TextProcessor.Append(state, text, [TextProcessor.Out(key, text), TextProcessor.To("aaaa-answers", $"{text}!")]),
            _ => null,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(nameof(CommitFault.Transient))]
    [InlineData(nameof(CommitFault.Fenced))]
    [InlineData(nameof(CommitFault.LostRequest))]
    [InlineData(nameof(CommitFault.LostAcknowledgement))]
    public async Task Whatever_happens_to_a_commit_each_event_has_its_effect_once(string faultName)
    {
        CommitFault fault = Enum.Parse<CommitFault>(faultName);
        int commits = 0;
        rig.Bus.Faults = _ => Interlocked.Increment(ref commits) % 3 == 0 ? fault : CommitFault.None;
        rig.Start(settings => settings with { BatchMax = 4 });
        for (int i = 0; i < 30; i++)
        {
            await rig.Publish($"aaaa-{i % 3}", $"{i}?");
        }

        for (int key = 0; key < 3; key++)
        {
            List<string> expected = [.. Enumerable.Range(0, 10).Select(n => $"{key + (3 * n)}?")];
            await rig.StateBecomes($"aaaa-{key}", string.Join(',', expected), rig.PassTime);
            Assert.Equal(expected, rig.Outputs($"aaaa-{key}"));
        }

        await Eventually.Equal(30, () => rig.State("aaaa-answers")?.Split(',').Distinct().Count() ?? 0, "the number of answers", rig.PassTime);
        Assert.Equal(30, rig.State("aaaa-answers")!.Split(',').Length);
        Assert.Empty(rig.DeadLetters());
        foreach (string key in new[] { "aaaa-0", "aaaa-1", "aaaa-2", "aaaa-answers" })
        {
            List<long> versions = [.. rig.History(key).Select(record => record!.Version)];
            Assert.Equal(Enumerable.Range(1, versions.Count).Select(n => (long)n), versions);
        }
    }

    // The partitions that are taken over commit, and the local copies do, before a lane has polled.
    [Fact]
    public async Task A_member_that_is_out_of_its_group_polls_before_it_commits_again()
    {
        int commits = 0;
        rig.Bus.Faults = _ =>
        {
            if (Interlocked.Increment(ref commits) % 2 == 0) return CommitFault.None;
            rig.Bus.PutOut();
            return CommitFault.Transient;
        };
        rig.Start(settings => settings with { BatchMax = 4 });
        await rig.Publish("aaaa", [.. Enumerable.Range(0, 20).Select(n => $"{n}")]);
        await rig.StateBecomes("aaaa", string.Join(',', Enumerable.Range(0, 20)), rig.PassTime);
    }

    [Fact]
    public async Task A_failing_bus_shows_in_the_health_and_no_longer_once_it_works()
    {
        ISubscription subscription = await rig.StartReady();
        rig.Bus.Faults = static _ => CommitFault.Transient;
        await rig.Publish("aaaa", "a");
        await Eventually.True(() => subscription.Health is { Ready: false, Problem: not null }, "the problem");
        Assert.Contains("injected: transient", subscription.Health.Problem, StringComparison.Ordinal);
        rig.Bus.Faults = static _ => CommitFault.None;
        await Eventually.True(() => subscription.Health is { Ready: true, Problem: null }, () => $"{subscription.Health}", rig.PassTime);
        Assert.Equal("a", rig.State("aaaa"));
    }

    [Fact]
    public async Task An_evicted_worker_writes_nothing_of_what_it_was_working_on()
    {
        using var release = new ManualResetEventSlim();
        int runs = 0;
        var zombie = new TextProcessor
        {
            OnText = (_, state, _, _) =>
            {
                if (Interlocked.Increment(ref runs) == 1)
                {
                    release.Wait(TimeSpan.FromSeconds(20));
                }

                return TextProcessor.Append(state, "zombie");
            },
        };
        await rig.StartReady(instance: "zombie", processor: zombie);
        await rig.Publish("aaaa", "a");
        await Eventually.True(() => runs == 1, "the zombie has begun");
        rig.Start(instance: "other");
        await rig.StateBecomes("aaaa", "a", () => rig.Time.Advance(TimeSpan.FromSeconds(3)));
        release.Set();
        await rig.Publish("aaaa", "b");
        await Eventually.True(() => rig.State("aaaa")!.Split(',').Length == 2, "b", rig.PassTime);
        Assert.StartsWith("a,", rig.State("aaaa"), StringComparison.Ordinal);
        Assert.Equal([1L, 2L], rig.History("aaaa").Select(record => record!.Version));
    }

    [Fact]
    public async Task A_step_that_does_not_end_is_given_up_and_the_lane_goes_on()
    {
        using var release = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        rig.Processor.OnText = (_, _, text, _) =>
        {
            if (text == "stuck")
            {
                begun.Set();
                release.Wait(TimeSpan.FromSeconds(20));
            }

            return null;
        };
        ISubscription subscription = await rig.StartReady(settings => settings with { StepThreads = 1, StepTimeout = TimeSpan.FromSeconds(5) });
        await rig.Publish(TextProcessor.To("aaaa-1", "a"), TextProcessor.To("aaaa-1", "stuck"), TextProcessor.To("aaaa-1", "b"), TextProcessor.To("aaaa-2", "x"));
        await Eventually.True(() => begun.IsSet, "the step has begun");
        await rig.StateBecomes("aaaa-1", "a,!Stuck,b", () => rig.Time.Advance(TimeSpan.FromMilliseconds(500)));
        Assert.Equal("x", rig.State("aaaa-2"));
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal(FailureKind.Stuck, letter.Kind);
        Assert.Contains("text-step-", letter.Reason, StringComparison.Ordinal);
        Assert.Contains("stuck step thread", subscription.Health.Problem, StringComparison.Ordinal);
        release.Set();
        await Eventually.True(() => subscription.Health.Problem is null, () => $"the thread came back: {subscription.Health}", rig.PassTime);
        await rig.Publish("aaaa-1", "c");
        await rig.StateBecomes("aaaa-1", "a,!Stuck,b,c");
    }

    [Fact]
    public async Task A_step_is_not_given_up_because_the_whole_process_was_paused()
    {
        using var release = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        rig.Processor.OnText = (_, _, text, _) =>
        {
            begun.Set();
            Assert.True(release.Wait(TimeSpan.FromSeconds(20)), "released");
            return null;
        };
        await rig.StartReady(settings => settings with { StepTimeout = TimeSpan.FromSeconds(5) });
        await rig.Publish("aaaa", "healthy");
        await Eventually.True(() => begun.IsSet, "the step has begun");
        rig.Time.Advance(TimeSpan.FromSeconds(5.1));

        // The lane looks every 20 ms: by then it would long have given the step up.
        Thread.Sleep(200);
        release.Set();
        await rig.StateBecomes("aaaa", "healthy");
        Assert.Empty(rig.DeadLetters());
    }

    [Fact]
    public async Task A_batch_that_is_too_slow_for_its_lane_to_stay_in_the_group_is_made_smaller_until_it_commits()
    {
        // A minute a step: of more than four the bus does not wait for the end.
        rig.Processor.OnText = (_, _, _, _) =>
        {
            rig.Time.Advance(TimeSpan.FromSeconds(61));
            return null;
        };
        string[] texts = [.. Enumerable.Range(0, 40).Select(n => $"{n}")];
        await rig.Publish("aaaa", texts);
        rig.Start();

        await rig.StateBecomes("aaaa", string.Join(',', texts), rig.PassTime);
        Assert.Empty(rig.DeadLetters());
    }

    [Fact]
    public async Task A_lane_whose_producer_cannot_be_opened_for_now_stays_in_its_group_and_lets_go_of_what_it_is_asked_for()
    {
        using var open = new ManualResetEventSlim();
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        rig.Bus.Opening = id =>
        {
            if (id.Contains("one", StringComparison.Ordinal)) open.Wait(TimeSpan.FromSeconds(20));
        };
        int failures = 0;
        rig.Bus.Faults = _ => Interlocked.Increment(ref failures) == 1 ? CommitFault.LostRequest : CommitFault.None;
        await rig.Publish("aaaa", "b");
        await Eventually.True(() => failures > 0, "the failure");

        // Its new producer does not come; the other one's partitions are its own until it polls.
        rig.Start(instance: "other");
        await Eventually.True(
            () => rig.Log.Lines.Any(line => line.Text.Contains("text-other-0 owns", StringComparison.Ordinal)), () => rig.Log.Tail(), rig.PassTime);
        Assert.DoesNotContain(rig.Log.Lines, line => line.Text.Contains("(lost)", StringComparison.Ordinal));

        open.Set();
        await rig.StateBecomes("aaaa", "a,b", rig.PassTime);
    }

    [Fact]
    public async Task A_bus_that_cannot_work_ends_the_loop_loudly()
    {
        await using var wrong = new StateAndEventRig();
        wrong.EnsureTopic(new TopicSpec("other.event.state", Cleanup.Delete));
        ISubscription subscription = wrong.Start(settings => settings with { Events = StateAndEventRig.Events with { Name = "other.event" } });
        await Eventually.True(() => subscription.Health.Problem?.StartsWith("text-one-0: Given up", StringComparison.Ordinal) ?? false, () => $"{subscription.Health}");
        Assert.False(subscription.Health.Ready);
    }
}
