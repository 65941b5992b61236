using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Messaging;

/// <summary>What kills the process is found and given up, and nobody is suspected without a reason.</summary>
public class CautionTests : IAsyncDisposable
{
    private readonly StateAndEventRig rig;

    public CautionTests()
        : this(spills: false)
    {
    }

    protected CautionTests(bool spills) => rig = new StateAndEventRig(spills);

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 5)]
    public async Task An_input_that_kills_the_process_is_abandoned_after_its_attempts_and_nothing_else_is(bool comesToSettledWorker, int expectedDeaths)
    {
        rig.Processor.OnText = (_, _, text, _) =>
        {
            if (text == "killer")
            {
                rig.Bus.Die();
                throw new InvalidOperationException("nobody will ever hear of this");
            }

            return null;
        };
        if (comesToSettledWorker)
        {
            await rig.StartReady();
            await Eventually.True(() => Settled() == 4, () => rig.Log.Tail(), rig.PassTime);
        }

        await rig.Publish("aaaa", "a", "b", "killer", "c");
        int deaths = 0;
        if (!comesToSettledWorker) rig.Start();
        await Eventually.True(
            () => rig.State("aaaa") == "a,b,!CrashLoop,c",
            () => $"state {rig.State("aaaa")} after {deaths} deaths\n{rig.Log.Tail()}",
            () =>
            {
                if (rig.Bus.IsDead)
                {
                    deaths++;
                    rig.Kill().Wait();
                    rig.Start();
                }
            });
        Assert.Equal(expectedDeaths, deaths);
        Assert.Equal(FailureKind.CrashLoop, Assert.Single(rig.DeadLetters()).Kind);
        await rig.Publish("aaaa", "d");
        await rig.StateBecomes("aaaa", "a,b,!CrashLoop,c,d");
    }

    [Fact]
    public async Task A_due_time_that_kills_the_process_is_found_though_events_never_cease()
    {
        rig.Processor.OnText = static (_, state, text, context) => TextProcessor.Append(state, text, dueAt: text == "timer" ? context.Now.AddSeconds(1) : null);
        rig.Processor.OnTime = (_, _, _) =>
        {
            rig.Bus.Die();
            throw new InvalidOperationException("nobody will ever hear of this");
        };
        await rig.StartReady();
        await rig.Publish("aaaa", "timer");
        await rig.StateBecomes("aaaa", "timer");
        rig.Time.Advance(TimeSpan.FromSeconds(2));

        int deaths = 0;
        int events = 0;
        await Eventually.True(
            () => rig.DeadLetters().Count > 0,
            () => $"a dead letter after {deaths} deaths and {events} events\n{rig.Log.Tail()}",
            () =>
            {
                rig.Publish($"bbbb-{events++ % 8}", "x").Wait();
                if (!rig.Bus.IsDead) return;
                deaths++;
                rig.Kill().Wait();
                rig.Start();
            });

        Assert.Equal(FailureKind.CrashLoop, Assert.Single(rig.DeadLetters()).Kind);
        Assert.InRange(deaths, 1, 5);
    }

    [Fact]
    public async Task An_event_that_kills_the_process_is_found_though_timers_of_its_partition_are_due_at_every_takeover()
    {
        rig.Processor.OnText = (_, state, text, context) =>
        {
            if (text == "killer") rig.Bus.Die();
            return TextProcessor.Append(state, text, dueAt: context.Now.AddSeconds(1));
        };
        rig.Processor.OnTime = static (_, state, context) => TextProcessor.Append(state, "tick", dueAt: context.Now.AddSeconds(1));
        await rig.StartReady();
        await rig.Publish("aaaa-1", "timer");
        await rig.StateBecomes("aaaa-1", "timer");

        await rig.Publish("aaaa-0", "killer");
        int deaths = 0;
        await Eventually.True(
            () => rig.DeadLetters().Count > 0,
            () => $"a dead letter after {deaths} deaths\n{rig.Log.Tail()}",
            () =>
            {
                if (!rig.Bus.IsDead) return;
                deaths++;
                rig.Kill().Wait();
                rig.Time.Advance(TimeSpan.FromSeconds(2));
                rig.Start();
            });

        Assert.Equal(FailureKind.CrashLoop, Assert.Single(rig.DeadLetters()).Kind);
        Assert.InRange(deaths, 4, 5);
    }

    [Fact]
    public async Task What_waits_for_a_parked_key_and_kills_when_its_time_has_come_is_given_up_with_all_that_waits()
    {
        bool isBack = false;
        rig.Processor.OnText = (_, _, text, _) =>
        {
            if (text == "killer") rig.Bus.Die();
            return text == "early" && !isBack ? throw new TransientProcessingException("not now") : null;
        };
        rig.Processor.OnGivenUp = (_, _, _, _) =>
        {
            isBack = true;
            return null;
        };
        await rig.StartReady();
        await rig.Publish("aaaa", "early", "killer");
        await Eventually.True(() => rig.History("aaaa").LastOrDefault() is { Parked.Held.Count: 2 }, () => rig.Log.Tail());
        isBack = true;

        int deaths = 0;
        await Eventually.True(
            () => rig.DeadLetters().Count > 1,
            () => $"dead letters after {deaths} deaths\n{rig.Log.Tail()}",
            () =>
            {
                rig.PassTime();
                if (!rig.Bus.IsDead) return;
                deaths++;
                rig.Kill().Wait();
                rig.Start();
            });

        Assert.Equal(["early", "killer"], rig.DeadLetters().Select(static letter => Encoding.UTF8.GetString(letter.Event!)));
        await rig.Publish("aaaa", "later");
        await rig.StateBecomes("aaaa", "later");
    }

    [Fact]
    public async Task Who_takes_over_from_a_worker_that_had_worked_off_what_it_found_is_not_cautious_though_nothing_but_timers_has_come_since()
    {
        rig.Processor.OnText = static (_, state, text, context) => TextProcessor.Append(state, text, dueAt: context.Now.AddSeconds(1));
        rig.Processor.OnTime = static (_, state, context) => TextProcessor.Append(state, "tick", dueAt: context.Now.AddSeconds(1));
        ISubscription first = await rig.StartReady();
        await rig.Publish("aaaa", "timer");
        await rig.StateBecomes("aaaa", "timer");
        await rig.Stop(first);
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.StartReady();
        await rig.StateBecomes("aaaa", "timer,tick");
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.StateBecomes("aaaa", "timer,tick,tick");
        await Eventually.True(() => Settled() == 4, () => rig.Log.Tail(), rig.PassTime);
        await rig.Kill();

        await rig.StartReady();

        Assert.DoesNotContain(rig.Log.Lines, line => line.Text.Contains("was left uncleanly", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Caution_ends_with_what_was_found_and_timers_that_come_later_are_taken_together()
    {
        static Step<Text> Wait(Text? state, string what, StepContext context) => TextProcessor.Append(state, what, dueAt: context.Now.AddMinutes(4));
        rig.Processor.OnText = (_, state, text, context) =>
        {
            if (text == "killer") rig.Bus.Die();
            return Wait(state, text, context);
        };
        rig.Processor.OnTime = static (_, state, context) => Wait(state, "tick", context);
        await rig.StartReady();
        string[] keys = [.. Enumerable.Range(0, 5).Select(static n => $"aaaa-{n}")];
        foreach (string key in keys) await rig.Publish(key, "timer");
        await Eventually.True(() => keys.All(key => rig.State(key) == "timer"), () => rig.Log.Tail());
        await rig.Publish("aaaa-0", "killer");
        await Die();
        rig.Start();
        await Die();
        rig.Processor.OnText = static (_, state, text, context) => Wait(state, text, context);
        await rig.StartReady();
        Assert.Contains(rig.Log.Lines, line => line.Text.Contains("was left uncleanly", StringComparison.Ordinal));
        await Eventually.True(() => Settled() == 4, () => rig.Log.Tail(), rig.PassTime);

        rig.Time.Advance(TimeSpan.FromMinutes(4));
        await Eventually.True(() => keys.All(key => rig.State(key)!.EndsWith("tick", StringComparison.Ordinal)), () => rig.Log.Tail());
        Assert.Contains(rig.Bus.Commits, commit => keys.All(key => commit.Any(record => Encoding.UTF8.GetString(record.Key) == key)));
    }

    [Fact]
    public async Task That_the_note_of_what_is_worked_off_cannot_be_written_holds_up_nobody()
    {
        rig.Bus.Faults = static records => records.Any(CrashMarkers.IsSettled) ? CommitFault.Transient : CommitFault.None;
        await rig.StartReady();
        await Eventually.True(
            () => rig.Log.Lines.Any(static line => line.Text.Contains("could not note", StringComparison.Ordinal)), () => rig.Log.Tail(), rig.PassTime);

        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        Assert.DoesNotContain(rig.Log.Lines, static line => line.Text.Contains("recovers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_partition_that_is_taken_with_caution_keeps_its_marker_when_it_is_given_up_in_good_order()
    {
        rig.Processor.OnText = (_, _, text, _) =>
        {
            if (text == "killer") rig.Bus.Die();
            return null;
        };
        await rig.StartReady();
        await rig.Publish("aaaa", "killer", "not tried yet");
        await Die();
        rig.Start();
        await Die();
        using var release = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        rig.Processor.OnText = (_, _, _, _) =>
        {
            begun.Set();
            release.Wait(TimeSpan.FromSeconds(20));
            return null;
        };
        ISubscription cautious = rig.Start();
        await Eventually.True(() => begun.IsSet, "the attempt");
        Task stopping = rig.Stop(cautious);
        release.Set();
        await stopping;

        TopicPartition partition = rig.PartitionOf("test.event.state", "aaaa");
        Assert.NotNull(rig.Read(partition.Topic).Last(record => record.Partition == partition && record.Key[0] == 0).Value);
    }

    [Fact]
    public async Task A_clean_end_leaves_no_marker_and_a_death_does()
    {
        ISubscription subscription = await rig.StartReady();
        Assert.Equal(4, Markers());
        await rig.Stop(subscription);
        Assert.Equal(0, Markers());
        await rig.StartReady();
        await rig.Kill();
        Assert.Equal(4, Markers());
    }

    private async Task Die()
    {
        await Eventually.True(() => rig.Bus.IsDead, () => $"no death\n{rig.Log.Tail()}");
        await rig.Kill();
    }

    private int Markers() => LastMarkers().Count(static marker => marker is not null);

    private int Settled() => LastMarkers().Count(CrashMarkers.IsSettled);

    private IEnumerable<byte[]?> LastMarkers() =>
        rig.Read("test.event.state").Where(static record => record.Key[0] == 0).GroupBy(static record => record.Partition).Select(static partition => partition.Last().Value);
}
