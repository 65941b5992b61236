using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.Tests.Messaging;

public sealed class FailingKeyTests : IAsyncDisposable
{
    private readonly StateAndEventRig rig = new();
    private DateTimeOffset flakyUntil = DateTimeOffset.MaxValue;

    public FailingKeyTests() => rig.Processor.OnText = (_, _, text, _) => text switch
    {
        "flaky" when rig.Time.GetUtcNow() < flakyUntil => throw new TransientProcessingException("not now"),
        "foreign" when rig.Time.GetUtcNow() < flakyUntil => throw new TransientProcessingException("not here") { IsPatient = true },
        "bad" => throw new InvalidOperationException("never"),
        "make it unwritable" => new Step<Text>(new Text("unwritable"), []),
        "large" => new Step<Text>(new Text(new string('x', 2_000_000)), []),
        "large output" => TextProcessor.Append(null, text, [TextProcessor.Out("aaaa", new string('x', 2_000_000))]),
        _ => null,
    };

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task A_transient_failure_parks_the_key_and_others_go_on()
    {
        flakyUntil = rig.Time.GetUtcNow().AddSeconds(1);
        await rig.StartReady();
        await rig.Publish("aaaa-1", "a", "flaky", "b");
        await rig.Publish("aaaa-2", "x");
        await rig.StateBecomes("aaaa-2", "x");
        await Eventually.Equal("a", () => rig.State("aaaa-1"), "the state of the parked key");
        await Eventually.True(() => rig.Outputs("aaaa-1").Contains("parked 1"), "the notice that the key is parked");
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.StateBecomes("aaaa-1", "a,flaky,b");
        Assert.Empty(rig.DeadLetters());
    }

    [Fact]
    public async Task Events_for_a_parked_key_wait_behind_the_failed_one()
    {
        flakyUntil = rig.Time.GetUtcNow().AddSeconds(1);
        await rig.StartReady();
        await rig.Publish("aaaa", "flaky");
        await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked is not null, "the key is parked");
        await rig.Publish("aaaa", "b");
        await rig.Publish("aaaa", "c");
        await Eventually.True(() => rig.History("aaaa").Last()?.Parked?.Held.Count == 3, "all three wait");
        Assert.Null(rig.State("aaaa"));
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.StateBecomes("aaaa", "flaky,b,c");
    }

    [Fact]
    public async Task An_urgent_event_overtakes_those_that_wait_in_a_parked_key()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "a", "flaky");
        await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked is not null, "the key is parked");
        await rig.Publish("aaaa", "b");
        await Eventually.True(() => rig.History("aaaa").Last()?.Parked?.Held.Count == 2, "both wait");
        await rig.Publish("aaaa", "urgent");
        await rig.StateBecomes("aaaa", "a,urgent");
        Assert.Equal(2, rig.History("aaaa").Last()?.Parked?.Held.Count);
        flakyUntil = rig.Time.GetUtcNow();
        await rig.StateBecomes("aaaa", "a,urgent,flaky,b", rig.PassTime);
        Assert.Empty(rig.DeadLetters());
    }

    [Fact]
    public async Task Delays_double_and_after_the_last_attempt_the_input_is_abandoned_and_the_rest_goes_on()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "a", "flaky", "b");
        foreach ((int attempt, int seconds) in new[] { (1, 1), (2, 2), (3, 4), (4, 8) })
        {
            await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked?.Attempts == attempt, $"attempt {attempt}");
            Assert.Equal(rig.Time.GetUtcNow().AddSeconds(seconds), rig.History("aaaa")[^1]!.Parked!.NextAttemptAt);
            rig.Time.Advance(TimeSpan.FromSeconds(seconds));
        }

        await rig.StateBecomes("aaaa", "a,!Transient,b");
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal((FailureKind.Transient, 5, "not now"), (letter.Kind, letter.Attempts, letter.Reason));
        Assert.Equal(("flaky", "a"), (Encoding.UTF8.GetString(letter.Event!), Encoding.UTF8.GetString(letter.State!)));
    }

    [Fact]
    public async Task A_patient_failure_is_tried_with_growing_delays_for_ever_and_spends_no_attempt()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "a", "foreign", "b");
        DateTimeOffset begin = rig.Time.GetUtcNow();
        for (int wait = 1; wait <= 12; wait++)
        {
            await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked is { Attempts: 0 } parked && parked.Waits == wait, $"wait {wait}");
            TimeSpan delay = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, wait - 1), 16));
            Assert.Equal(rig.Time.GetUtcNow() + delay, rig.History("aaaa")[^1]!.Parked!.NextAttemptAt);
            rig.Time.Advance(delay);
        }

        Assert.True(rig.Time.GetUtcNow() - begin > TimeSpan.FromMinutes(2));
        flakyUntil = rig.Time.GetUtcNow();
        await rig.StateBecomes("aaaa", "a,foreign,b", rig.PassTime);
        Assert.Empty(rig.DeadLetters());
    }

    [Fact]
    public async Task A_key_that_waits_patiently_goes_on_waiting_after_the_death_of_its_worker_and_gives_way_to_what_is_urgent()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "a", "foreign", "b");
        await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked is { Attempts: 0, Waits: 1, Held.Count: 2 }, "parked");
        await rig.Kill();
        await rig.StartReady();
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked is { Attempts: 0, Waits: 2 }, "tried again");
        await rig.Publish("aaaa", "urgent");
        flakyUntil = rig.Time.GetUtcNow();
        await rig.StateBecomes("aaaa", "a,urgent,foreign,b", rig.PassTime);
    }

    [Fact]
    public async Task A_processor_is_told_how_often_an_input_failed_before()
    {
        rig.Processor.OnText = (_, state, text, context) => context.FailedAttempts < 2
            ? throw new TransientProcessingException("not now")
            : TextProcessor.Append(state, $"{text} after {context.FailedAttempts}");
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a after 2", rig.PassTime);
    }

    [Fact]
    public async Task A_parked_key_and_its_attempts_survive_the_death_of_the_worker()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "flaky", "b");
        await Eventually.True(() => rig.History("aaaa").LastOrDefault()?.Parked is { Attempts: 1, Held.Count: 2 }, "parked");
        await rig.Kill();
        flakyUntil = DateTimeOffset.MinValue;
        await rig.StartReady();
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.StateBecomes("aaaa", "flaky,b");
    }

    [Fact]
    public async Task A_parked_key_whose_queue_is_full_runs_out_of_patience_and_loses_nothing_else()
    {
        flakyUntil = rig.Time.GetUtcNow().AddSeconds(1);
        await rig.StartReady(settings => settings with { HeldMax = 3 });
        await rig.Publish("aaaa", "flaky", "b", "c", "d", "e");
        await rig.StateBecomes("aaaa", "!Transient,b,c,d,e");
        Assert.Contains("no room", Assert.Single(rig.DeadLetters()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_permanent_failure_abandons_the_input_at_once()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "a", "bad", "b");
        await rig.StateBecomes("aaaa", "a,!Permanent,b");
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal((FailureKind.Permanent, 1, "never"), (letter.Kind, letter.Attempts, letter.Reason));
        Assert.Contains(nameof(InvalidOperationException), letter.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("make it unwritable")]
    [InlineData("large")]
    [InlineData("large output")]
    public async Task What_cannot_be_written_abandons_its_input_alone(string text)
    {
        await rig.StartReady();
        await rig.Publish("aaaa-2", "x");
        await rig.Publish("aaaa-1", "a", text, "b");
        await rig.Publish("aaaa-2", "y");
        await rig.StateBecomes("aaaa-1", "a,!Refused,b");
        await rig.StateBecomes("aaaa-2", "x,y");
        Assert.Equal(text, Encoding.UTF8.GetString(Assert.Single(rig.DeadLetters()).Event!));
    }

    [Fact]
    public async Task A_transaction_that_only_the_bus_refuses_is_taken_apart_until_its_input_is_found()
    {
        await rig.StartReady();
        rig.Bus.Faults = records => records.Any(record =>
            record.Partition.Topic.EndsWith(".state", StringComparison.Ordinal) && record.Value is { } value && Encoding.UTF8.GetString(value).Contains("ugly", StringComparison.Ordinal))
                ? CommitFault.Refused
                : CommitFault.None;
        await rig.Publish(TextProcessor.To("aaaa-1", "a"), TextProcessor.To("aaaa-2", "ugly"), TextProcessor.To("aaaa-3", "c"));
        await rig.StateBecomes("aaaa-3", "c", rig.PassTime);
        await rig.StateBecomes("aaaa-2", "!Refused", rig.PassTime);
        await rig.StateBecomes("aaaa-1", "a");
    }

    [Fact]
    public async Task A_processor_that_cannot_even_abandon_loses_its_state_and_nobody_else_notices()
    {
        rig.Processor.OnGivenUp = static (_, _, _, _) => throw new InvalidOperationException("nor this");
        await rig.StartReady();
        await rig.Publish("aaaa-1", "a");
        await rig.StateBecomes("aaaa-1", "a");
        await rig.Publish("aaaa-1", "bad", "b");
        await rig.Publish("aaaa-2", "x");
        await rig.StateBecomes("aaaa-2", "x");
        await rig.StateBecomes("aaaa-1", "b");
        Assert.Single(rig.DeadLetters());
    }

    [Fact]
    public async Task Events_that_cannot_be_read_go_to_the_dead_letters_and_the_state_stays()
    {
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.PublishBytes("aaaa", "unreadable"u8.ToArray());
        await rig.PublishBytes("aaaa", "overflowing"u8.ToArray());
        await rig.PublishBytes("aaaa", null);
        await rig.Publish("aaaa", "b");
        await rig.StateBecomes("aaaa", "a,b");
        Assert.Equal(3, rig.DeadLetters().Count);
    }

    [Fact]
    public async Task A_damaged_state_refuses_the_events_of_its_key_and_no_others()
    {
        await rig.PublishBytes(rig.PartitionOf("test.event.state", "aaaa-1"), "aaaa-1"u8.ToArray(), [99, 1, 2, 3]);
        await rig.StartReady();
        await rig.Publish(TextProcessor.To("aaaa-1", "a"), TextProcessor.To("aaaa-2", "b"));
        await rig.StateBecomes("aaaa-2", "b");
        Assert.Contains("format 99", Assert.Single(rig.DeadLetters()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_version_that_does_not_rise_is_refused()
    {
        byte[] state = StateRecordCodec.Encode(new StateRecord(3, "x", -1, null, null, "a"u8.ToArray()));
        await rig.PublishBytes(rig.PartitionOf("test.event.state", "aaaa"), "aaaa"u8.ToArray(), state);
        await rig.PublishBytes(rig.PartitionOf("test.event.state", "aaaa"), "aaaa"u8.ToArray(), state);
        await rig.StartReady();
        await rig.Publish("aaaa", "b");
        await Eventually.True(() => rig.DeadLetters().Count == 1, "a dead letter");
        Assert.Contains("version 3 (by x) follows version 3 (by x)", rig.DeadLetters()[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_the_state_contains_already_is_refused()
    {
        byte[] state = StateRecordCodec.Encode(new StateRecord(1, "test.event@7", 7, null, null, "a"u8.ToArray()));
        await rig.PublishBytes(rig.PartitionOf("test.event.state", "aaaa"), "aaaa"u8.ToArray(), state);
        await rig.StartReady();
        await rig.Publish("aaaa", "b");
        await Eventually.True(() => rig.DeadLetters().Count == 1, "a dead letter");
        Assert.Equal("a", rig.State("aaaa"));
    }

    [Fact]
    public async Task A_state_that_only_another_build_can_read_waits_for_it_with_all_that_comes_and_loses_nothing()
    {
        byte[] foreign = StateRecordCodec.Encode(new StateRecord(1, "x", -1, null, null, "unreadable"u8.ToArray()));
        await rig.PublishBytes(rig.PartitionOf("test.event.state", "aaaa-1"), "aaaa-1"u8.ToArray(), foreign);
        await rig.StartReady();
        await rig.Publish(TextProcessor.To("aaaa-1", "a"), TextProcessor.To("aaaa-1", "b"), TextProcessor.To("aaaa-2", "c"));
        await rig.StateBecomes("aaaa-2", "c");
        await Eventually.True(() => rig.History("aaaa-1").Last()?.Parked is { Held.Count: 2, Waits: > 2, Attempts: 0 }, () => $"{rig.History("aaaa-1").Last()}", rig.PassTime);
        Assert.Equal("unreadable"u8.ToArray(), rig.History("aaaa-1").Last()!.Payload);
        Assert.Empty(rig.DeadLetters());
    }

    [Fact]
    public async Task A_processor_may_send_an_input_to_the_dead_letters_itself()
    {
        rig.Processor.OnText = static (_, state, text, _) => TextProcessor.Append(state, text) with { DeadLetter = "not mine" };
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        Assert.Equal("not mine", Assert.Single(rig.DeadLetters()).Reason);
    }

    [Fact]
    public async Task An_abandoned_due_time_that_is_still_due_waits_before_it_comes_again()
    {
        rig.Processor.OnText = static (_, state, text, context) => TextProcessor.Append(state, text, dueAt: context.Now.AddSeconds(1));
        rig.Processor.OnTime = static (_, _, _) => throw new InvalidOperationException("never");
        DateTimeOffset due = rig.Time.GetUtcNow().AddSeconds(1);
        rig.Processor.OnGivenUp = (_, state, _, _) => new Step<Text>(state!, [], due);
        await rig.StartReady();
        await rig.Publish("aaaa-1", "a");
        await rig.StateBecomes("aaaa-1", "a");
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.True(() => rig.DeadLetters().Count > 0, "a dead letter");
        await rig.Publish("aaaa-2", "b");
        await rig.StateBecomes("aaaa-2", "b");
        Assert.Single(rig.DeadLetters());
        Assert.Equal(due + StateAndEventRig.Settings("x").RetryDelayMax, rig.History("aaaa-1")[^1]!.DueAt);
    }

    [Fact]
    public async Task Idle_partitions_of_a_dead_worker_do_not_keep_a_loaded_lane_at_one_input_per_transaction()
    {
        rig.Bus.Faults = static records => records.Any(CrashMarkers.IsSettled) ? CommitFault.Transient : CommitFault.None;
        await rig.StartReady();
        await rig.Kill();
        string[] texts = [.. Enumerable.Repeat("x", 300)];
        await rig.Publish("aaaa", texts);
        await rig.StartReady(settings => settings with { BatchMax = 20, ChainMax = 0 });
        await rig.StateBecomes("aaaa", string.Join(',', texts));
        Assert.Contains(rig.Log.Lines, static line => line.Text.Contains("was left uncleanly", StringComparison.Ordinal));
        Assert.InRange(rig.Bus.Commits.Count, 1, 150);
    }

    [Fact]
    public async Task What_is_known_about_an_input_is_not_forgotten_when_others_are_committed_first()
    {
        int refusals = 0;
        await rig.StartReady();
        rig.Bus.Faults = records =>
        {
            bool ugly = records.Any(record => record.Value is { } value && record.Partition.Topic.EndsWith(".state", StringComparison.Ordinal)
                && Encoding.UTF8.GetString(value).Contains("ugly", StringComparison.Ordinal));
            refusals += ugly ? 1 : 0;
            return ugly ? CommitFault.Refused : CommitFault.None;
        };
        await rig.Publish([TextProcessor.To("aaaa", "ugly"), .. Enumerable.Range(0, 8).Select(n => TextProcessor.To($"aaa{(char)('b' + (n % 3))}", "x"))]);
        await rig.StateBecomes("aaaa", "!Refused", rig.PassTime);
        await rig.StateBecomes("aaad", "x,x", rig.PassTime);
        Assert.InRange(refusals, 1, 2);
    }

    [Fact]
    public void Inputs_are_condemned_by_key_and_name()
    {
        var condemned = new CondemnedInputs();
        var verdict = new Verdict(new Failure(FailureKind.Stuck, 1, "why"), Silent: false);
        Assert.True(condemned.TryAdd(new PartitionKey(1, [1]), "due:1@5", verdict));
        Assert.Same(verdict, condemned.Find(new PartitionKey(1, [1]), "due:1@5"));
        Assert.Null(condemned.Find(new PartitionKey(1, [2]), "due:1@5"));
        Assert.False(condemned.TryAdd(new PartitionKey(1, [1]), "due:1@5", verdict));
        condemned.Remove(new PartitionKey(1, [1]), "due:1@5");
        Assert.Null(condemned.Find(new PartitionKey(1, [1]), "due:1@5"));
    }
}
