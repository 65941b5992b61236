using Corda.Tests.Support;
using Corda.Workers.Messaging;

namespace Corda.Tests.Messaging;

public class StateAndEventTests : IAsyncDisposable
{
    private readonly bool spills;
    private readonly StateAndEventRig rig;

    public StateAndEventTests()
        : this(spills: false)
    {
    }

    protected StateAndEventTests(bool spills)
    {
        this.spills = spills;
        rig = new StateAndEventRig(spills);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Events_of_every_key_are_processed_in_order()
    {
        string[] keys = ["aaaa", "bbbb", "cccc", "dddd", "eeee"];
        rig.Start();
        for (int i = 0; i < 60; i++)
        {
            await rig.Publish(keys[i % keys.Length], $"{i}");
        }

        foreach ((string key, int first) in keys.Select((key, index) => (key, index)))
        {
            await rig.StateBecomes(key, string.Join(',', Enumerable.Range(0, 12).Select(n => first + (5 * n))));
        }
    }

    [Fact]
    public async Task Keys_of_one_batch_are_worked_off_in_parallel()
    {
        using var both = new Barrier(2);
        rig.Processor.OnText = (_, _, _, _) =>
        {
            Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(10)), "the other key was not worked on meanwhile");
            return null;
        };
        await rig.Publish(TextProcessor.To("aaaa-1", "x"), TextProcessor.To("aaaa-2", "y"));
        rig.Start();
        await rig.StateBecomes("aaaa-1", "x");
        await rig.StateBecomes("aaaa-2", "y");
    }

    [Fact]
    public async Task A_batch_is_one_transaction_with_one_record_for_each_key()
    {
        await rig.Publish("aaaa", [.. Enumerable.Range(0, 50).Select(i => $"{i}")]);
        await rig.StartReady();
        await rig.StateBecomes("aaaa", string.Join(',', Enumerable.Range(0, 50)));
        Assert.Single(rig.History("aaaa"));
        Assert.Equal(1, rig.History("aaaa")[0]!.Version);
    }

    [Fact]
    public async Task States_outputs_and_offsets_are_committed_together_or_not_at_all()
    {
        int failures = 0;
        rig.Processor.OnText = (key, state, text, _) => TextProcessor.Append(state, text, [TextProcessor.Out(key, text)]);
        await rig.StartReady();
        rig.Bus.Faults = _ => failures++ < 3 ? CommitFault.Transient : CommitFault.None;
        await rig.Publish("aaaa", "x");
        await Eventually.True(() => failures == 1, "the first commit failed");
        Assert.Null(rig.State("aaaa"));
        Assert.Empty(rig.Outputs("aaaa"));
        await rig.StateBecomes("aaaa", "x", rig.PassTime);
        Assert.Equal(["x"], rig.Outputs("aaaa"));
    }

    [Fact]
    public async Task Versions_rise_by_one_and_begin_anew_after_a_deletion()
    {
        rig.Processor.OnText = (_, _, text, _) => text == "delete" ? new Step<Text>(null, []) : null;
        await rig.StartReady();
        foreach ((string text, string? state) in new[] { ("a", "a"), ("b", "a,b"), ("delete", null), ("c", "c") })
        {
            await rig.Publish("aaaa", text);
            await rig.StateBecomes("aaaa", state);
        }

        Assert.Equal([1, 2, null, 1], rig.History("aaaa").Select(record => record?.Version));
    }

    [Fact]
    public async Task A_step_that_changes_nothing_writes_nothing()
    {
        rig.Processor.OnText = (_, state, text, _) => text == "same" ? new Step<Text>(state, []) : null;
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        await rig.Publish("aaaa", "same", "same");
        await rig.Publish("aaaa", "b");
        await rig.StateBecomes("aaaa", "a,b");
        Assert.Equal([1, 2], rig.History("aaaa").Select(record => record!.Version));
    }

    [Fact]
    public async Task A_new_owner_goes_on_where_the_former_one_stopped()
    {
        ISubscription first = await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        await rig.Stop(first);
        await rig.Publish("aaaa", "b");
        await rig.StartReady(instance: "two");
        await rig.StateBecomes("aaaa", "a,b");
        Assert.Equal([1, 2], rig.History("aaaa").Select(record => record!.Version));
    }

    [Fact]
    public async Task Killed_worker_loses_nothing_and_repeats_nothing()
    {
        rig.Processor.OnText = (key, state, text, _) => TextProcessor.Append(state, text, [TextProcessor.Out(key, text)]);
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        rig.Bus.Die();
        await rig.Publish("aaaa", "b");
        await rig.Kill();
        await rig.StartReady();
        await rig.StateBecomes("aaaa", "a,b");
        Assert.Equal(["a", "b"], rig.Outputs("aaaa"));
    }

    [Fact]
    public async Task The_same_object_comes_back_with_its_version_and_never_after_a_failed_commit()
    {
        var seen = new List<(string Text, object? Cache, long Version)>();
        rig.Processor.OnText = (_, state, text, context) =>
        {
            seen.Add((text, state?.Cache, context.StateVersion));
            return new Step<Text>(new Text(text) { Cache = text }, []);
        };
        await rig.StartReady();
        await rig.Publish("aaaa", "a");
        await rig.StateBecomes("aaaa", "a");
        await rig.Publish("aaaa", "b");
        await rig.StateBecomes("aaaa", "b");
        int failures = 0;
        rig.Bus.Faults = records => records.Count > 0 && failures++ == 0 ? CommitFault.Transient : CommitFault.None;
        await rig.Publish("aaaa", "c");
        await rig.StateBecomes("aaaa", "c", rig.PassTime);
        (string Text, object? Cache, long Version)[] expected = [("a", null, 0), ("b", "a", 1), ("c", "b", 2), ("c", null, 2)];

        // What has no room in memory leaves it with its object, as soon as the disk has it.
        Assert.Equal(spills ? expected.Zip(seen, static (one, had) => had.Cache is null ? one with { Cache = null } : one) : expected, seen);
    }

    [Fact]
    public async Task Always_restoring_from_bytes_lets_no_object_through()
    {
        var caches = new List<object?>();
        rig.Processor.OnText = (_, state, text, _) =>
        {
            caches.Add(state?.Cache);
            return new Step<Text>(new Text(text) { Cache = text }, []);
        };
        await rig.StartReady(settings => settings with { AlwaysRestoreFromBytes = true });
        await rig.Publish("aaaa", "a", "b", "c");
        await rig.StateBecomes("aaaa", "c");
        Assert.All(caches, Assert.Null);
    }

    [Fact]
    public async Task Several_lanes_share_the_partitions()
    {
        await rig.StartReady(settings => settings with { Lanes = 3 });
        string[] keys = [.. Enumerable.Range(0, 40).Select(i => $"{(char)('a' + (i % 26))}{i:000}")];
        foreach (string key in keys)
        {
            await rig.Publish(key, "1");
            await rig.Publish(key, "2");
        }

        foreach (string key in keys)
        {
            await rig.StateBecomes(key, "1,2");
        }
    }

    [Fact]
    public async Task Partitions_move_to_a_worker_that_joins_and_back_when_it_leaves()
    {
        string[] keys = ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg", "hhhh"];
        var other = new TextProcessor { OnText = (_, state, text, _) => TextProcessor.Append(state, text + "'") };
        await rig.StartReady();
        await PublishToAll(keys, "1");
        ISubscription second = await rig.StartReady(instance: "two", processor: other);
        await PublishUntil(keys, "2", () => keys.Any(key => rig.State(key)!.EndsWith("2'", StringComparison.Ordinal)));
        Assert.Contains(keys, key => rig.State(key)!.EndsWith('2'));
        await rig.Stop(second);
        await PublishToAll(keys, "3");
        foreach (string key in keys)
        {
            await Eventually.True(() => rig.State(key)!.EndsWith(",3", StringComparison.Ordinal), () => $"{key} is {rig.State(key)}");
        }
    }

    private async Task PublishUntil(string[] keys, string text, Func<bool> condition)
    {
        int round = 0;
        await Eventually.True(
            () =>
            {
                int expected = ++round;
                PublishToAll(keys, text).Wait();
                Eventually.True(() => keys.All(key => rig.State(key)!.Split(',').Length == expected + 1), "every key took its event").Wait();
                return condition();
            },
            "the second worker took over some key");
    }

    private async Task PublishToAll(string[] keys, string text)
    {
        foreach (string key in keys)
        {
            await rig.Publish(key, text);
        }

        foreach (string key in keys)
        {
            await Eventually.True(() => rig.State(key) is not null, $"a state of {key}");
        }
    }
}
