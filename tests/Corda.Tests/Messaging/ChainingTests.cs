using Corda.Tests.Support;
using Corda.Workers.Messaging;

namespace Corda.Tests.Messaging;

public sealed class ChainingTests : IAsyncDisposable
{
    private const int Rounds = 20;

    private readonly StateAndEventRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task A_ping_pong_of_20_messages_between_two_keys_of_a_partition_costs_one_transaction()
    {
        rig.Processor.OnText = PingPong;
        await rig.StartReady();
        int before = rig.Batches;
        await rig.Publish("aaaa-ping", "0");
        await rig.StateBecomes("aaaa-pong", Numbers(1));
        await rig.StateBecomes("aaaa-ping", Numbers(0));
        await Eventually.True(() => rig.Batches > before, "a commit");
        Assert.Equal(1, rig.Batches - before);
        Assert.Single(rig.History("aaaa-ping"));
        Assert.Single(rig.History("aaaa-pong"));
    }

    [Fact]
    public async Task Two_keys_of_different_partitions_of_one_lane_share_the_transaction_too()
    {
        rig.Processor.OnText = PingPong;
        await rig.StartReady();
        Assert.NotEqual(rig.PartitionOf("test.event", "aaaa-ping"), rig.PartitionOf("test.event", "bbbb-pong"));
        int before = rig.Batches;
        await rig.Publish("aaaa-ping", "0:bbbb-pong");
        await rig.StateBecomes("aaaa-ping", string.Join(',', Enumerable.Range(0, Rounds).Where(n => n % 2 == 0).Select(n => $"{n}:bbbb-pong")));
        await Eventually.True(() => rig.Batches > before, "a commit");
        Assert.Equal(1, rig.Batches - before);
    }

    [Fact]
    public async Task A_chain_beyond_its_bound_goes_on_through_the_log()
    {
        rig.Processor.OnText = PingPong;
        await rig.StartReady(settings => settings with { ChainMax = 3 });
        int before = rig.Batches;
        await rig.Publish("aaaa-ping", "0");
        await rig.StateBecomes("aaaa-ping", Numbers(0));
        await rig.StateBecomes("aaaa-pong", Numbers(1));
        Assert.InRange(rig.Batches - before, 4, Rounds);
    }

    [Fact]
    public async Task Messages_of_one_key_to_another_stay_in_order_when_some_of_them_go_through_the_log()
    {
        rig.Processor.OnText = static (key, state, text, _) => key == "aaaa-from"
            ? TextProcessor.Append(state, text, [.. Enumerable.Range(0, 5).Select(n => TextProcessor.To("aaaa-to", $"{text}{n}"))])
            : null;
        await rig.StartReady(settings => settings with { ChainMax = 7, BatchMax = 2 });
        await rig.Publish("aaaa-from", "a", "b", "c", "d", "e", "f");
        await rig.StateBecomes("aaaa-to", string.Join(',', "abcdef".SelectMany(letter => Enumerable.Range(0, 5).Select(n => $"{letter}{n}"))));
    }

    [Fact]
    public async Task A_chain_is_committed_as_a_whole_or_not_at_all()
    {
        rig.Processor.OnText = PingPong;
        await rig.StartReady();
        int failures = 0;
        rig.Bus.Faults = _ => failures++ < 2 ? CommitFault.Transient : CommitFault.None;
        await rig.Publish("aaaa-ping", "0");
        await rig.StateBecomes("aaaa-ping", Numbers(0), rig.PassTime);
        Assert.Equal(Numbers(1), rig.State("aaaa-pong"));
        Assert.Equal([1L], rig.History("aaaa-ping").Select(record => record!.Version));
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_a_chain_abandons_that_input_alone()
    {
        rig.Processor.OnText = static (key, state, text, context) => text == "7" ? throw new InvalidOperationException("seven") : PingPong(key, state, text, context);
        await rig.StartReady();
        await rig.Publish("aaaa-ping", "0");
        await rig.StateBecomes("aaaa-pong", "1,3,5,!Permanent");
        Assert.Equal("0,2,4,6", rig.State("aaaa-ping"));
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal("7"u8.ToArray(), letter.Event);
        Assert.Equal("1,3,5"u8.ToArray(), letter.State);
        Assert.Equal([1L], rig.History("aaaa-pong").Select(record => record!.Version));
    }

    [Fact]
    public async Task A_key_that_sends_to_itself_does_not_keep_others_waiting()
    {
        rig.Processor.OnText = static (key, state, text, _) => key == "aaaa-self" && int.Parse(text) < 500
            ? new Step<Text>(new Text(text), [TextProcessor.To(key, $"{int.Parse(text) + 1}")])
            : null;
        await rig.StartReady(settings => settings with { StepThreads = 1, ChainMax = 100 });
        await rig.Publish(TextProcessor.To("aaaa-self", "0"), TextProcessor.To("aaaa-else", "x"));
        await rig.StateBecomes("aaaa-else", "x");
        await rig.StateBecomes("aaaa-self", "499,500");
        Assert.InRange(rig.History("aaaa-self").Count, 5, 7);
    }

    [Fact]
    public async Task Inputs_have_the_same_names_when_they_are_processed_again()
    {
        var names = new List<string>();
        rig.Processor.OnText = (key, state, text, context) =>
        {
            names.Add($"{text} {context.InputId}");
            return PingPong(key, state, text, context);
        };
        await rig.StartReady();
        int failures = 0;
        rig.Bus.Faults = _ => failures++ == 0 ? CommitFault.Transient : CommitFault.None;
        await rig.Publish("aaaa-ping", "0");
        await rig.StateBecomes("aaaa-ping", Numbers(0), rig.PassTime);
        Assert.Equal(names.Take(Rounds), names.Skip(Rounds));
        Assert.Equal(Rounds, names.Distinct().Count());
    }

    // "n" or "n:partner": answers n+1 to whoever did not get this one.
    private static Step<Text> PingPong(string key, Text? state, string text, StepContext context)
    {
        string[] parts = text.Split(':');
        int n = int.Parse(parts[0]);
        string partner = parts.Length > 1 ? (key == "aaaa-ping" ? parts[1] : "aaaa-ping") : key == "aaaa-ping" ? "aaaa-pong" : "aaaa-ping";
        string next = parts.Length > 1 ? $"{n + 1}:{parts[1]}" : $"{n + 1}";
        return TextProcessor.Append(state, text, n + 1 < Rounds ? [TextProcessor.To(partner, next)] : []);
    }

    private static string Numbers(int first) => string.Join(',', Enumerable.Range(0, Rounds / 2).Select(n => first + (2 * n)));
}
