using System.Collections.Concurrent;
using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Messaging;

/// <summary>The patterns beside state-and-event.</summary>
public sealed class PatternTests : IAsyncDisposable
{
    private static readonly Topic<Text> Info = new("test.info", Routing.Hash, Cleanup.Compact, new TextCodec());
    private static readonly RpcTopic<Text, Text> Question = new("test.question", new TextCodec(), new TextCodec());

    private readonly StateAndEventRig rig = new();
    private readonly List<ISubscription> started = [];

    private Subscriptions Subscriptions => new(rig.Context with { Bus = rig.Bus });

    public async ValueTask DisposeAsync()
    {
        foreach (ISubscription subscription in started)
        {
            await subscription.DisposeAsync();
        }

        await rig.DisposeAsync();
    }

    [Fact]
    public async Task No_thread_of_those_who_publish_waits_for_the_bus_and_they_share_one_look_at_its_topics()
    {
        int looks = 0;
        using var brokers = new ManualResetEventSlim();
        rig.Bus.EnsuringTopics = () =>
        {
            brokers.Wait(TimeSpan.FromSeconds(30));
            if (Interlocked.Increment(ref looks) == 1) throw new MessagingTransientException("no broker answers");
        };
        await using IPublisher publisher = Subscriptions.Publisher("many");

        Task[] first = [.. Enumerable.Range(0, 100).Select(n => publisher.PublishAsync(Value($"{n}", "x")))];
        Assert.DoesNotContain(first, static one => one.IsCompleted);
        brokers.Set();
        foreach (Task one in first) await Assert.ThrowsAsync<MessagingTransientException>(() => one);
        Assert.Equal(1, looks);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(n => publisher.PublishAsync(Value($"{n}", "x"))));
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task A_compacted_topic_is_a_snapshot_first_and_live_then()
    {
        rig.EnsureTopic(new(Info.Name, Info.Cleanup));
        await rig.Publish(Value("a", "1"), Value("b", "1"), Value("a", "2"), Value("b", null), Value("c", "3"));
        var seen = new CompactedRecorder();
        ISubscription subscription = await Ready(Subscriptions.Compacted(Info, seen));
        Assert.Equal(["a=2", "c=3"], seen.Snapshot!.Order());
        await rig.Publish(Value("a", "4"), Value("c", null));
        await Eventually.Equal(2, () => seen.Live.Count, "the number of live values");
        Assert.Equal(["a=4", "c="], seen.Live.Order());
        Assert.True(subscription.Health.Ready);
    }

    [Fact]
    public async Task Wrong_records_of_a_compacted_topic_and_failures_of_its_processor_are_skipped()
    {
        rig.EnsureTopic(new(Info.Name, Info.Cleanup));
        await rig.PublishBytes(new(Info.Name, 0), "x"u8.ToArray(), "unreadable"u8.ToArray());
        await rig.Publish(Value("a", "1"));
        var seen = new CompactedRecorder();
        await Ready(Subscriptions.Compacted(Info, seen));
        Assert.Equal(["a=1"], seen.Snapshot);
        await rig.Publish(Value("a", "throw"));
        await rig.Publish(Value("a", "2"));
        await Eventually.True(() => seen.Live.Contains("a=2"), "the value after the failure");
    }

    [Fact]
    public async Task Pub_sub_hears_what_comes_from_now_on()
    {
        await rig.Publish("aaaa", "before");
        var heard = new PubSubRecorder();
        await Ready(Subscriptions.PubSub(StateAndEventRig.Events, heard));
        await rig.Publish("aaaa", "throw", "after");
        await Eventually.True(() => heard.Heard.Contains("after"), "what came after");
        Assert.DoesNotContain("before", heard.Heard);
    }

    [Fact]
    public async Task A_durable_subscription_has_each_effect_once_whatever_happens_to_its_commits()
    {
        foreach (CommitFault fault in new[] { CommitFault.Transient, CommitFault.Fenced, CommitFault.LostRequest, CommitFault.LostAcknowledgement })
        {
            await using var own = new StateAndEventRig();
            int commits = 0;
            own.Bus.Faults = _ => ++commits % 2 == 1 ? fault : CommitFault.None;
            var copier = new Copier();
            await using ISubscription subscription = new Subscriptions(own.Context with { Bus = own.Bus }).Durable("copiers", StateAndEventRig.Events, copier);
            subscription.Start();
            for (int i = 0; i < 10; i++)
            {
                await own.Publish("aaaa", $"{i}");
            }

            await Eventually.True(() => own.Outputs("aaaa").Count >= 10, () => $"10 outputs under {fault}, but {own.Outputs("aaaa").Count}; {subscription.Health}", own.PassTime);
            Assert.Equal(Enumerable.Range(0, 10).Select(n => $"{n}"), own.Outputs("aaaa"));
        }
    }

    [Fact]
    public async Task A_durable_subscription_puts_aside_what_it_cannot_process_and_tries_again_what_it_cannot_process_now()
    {
        var copier = new Copier { TransientFailuresLeft = 2 };
        ISubscription subscription = Subscriptions.Durable("copiers", StateAndEventRig.Events, copier);
        await rig.Publish("aaaa", "a", "bad", "flaky");
        await rig.PublishBytes("aaaa", "unreadable"u8.ToArray());
        await rig.Publish("aaaa", "b");
        started.Add(subscription);
        subscription.Start();
        await Eventually.True(() => rig.Outputs("aaaa").Contains("b"), () => $"b in {string.Join(',', rig.Outputs("aaaa"))}; {subscription.Health}", rig.PassTime);
        Assert.Equal(["a", "flaky", "b"], rig.Outputs("aaaa"));
        Assert.Equal(2, rig.DeadLetters().Count);
    }

    [Fact]
    public async Task A_durable_subscription_puts_aside_also_a_record_that_has_no_room_beside_what_was_said_of_it()
    {
        string large = $"bad{new string('x', 60_000)}";
        var subscriptions = new Subscriptions(rig.Context with { Bus = rig.Bus, RecordBytesMax = 65_000 });
        ISubscription subscription = subscriptions.Durable("copiers", StateAndEventRig.Events, new Copier());
        await rig.Publish("aaaa", large, "b");
        started.Add(subscription);
        subscription.Start();
        await Eventually.True(() => rig.Outputs("aaaa").Contains("b"), () => $"what comes after; {subscription.Health}", rig.PassTime);
        Assert.All(rig.DeadLetters(), letter => Assert.True(new DeadLetterCodec().Encode(letter).Length <= 65_000, "larger than any record may be"));
        Assert.Equal(large, new TextCodec().Decode(rig.DeadLetters().Single(static letter => letter.Event is not null).Event).Value);
        Assert.Contains(rig.DeadLetters(), static letter => letter.Error is not null && letter.Reason.StartsWith("never: bad", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_question_is_answered_and_an_exception_is_an_answer_too()
    {
        await Ready(Subscriptions.Rpc("answerers", Question, new Answerer(), TimeSpan.FromSeconds(5)));
        RpcSender<Text, Text> sender = await Sender();
        Assert.Equal("hello!", (await Ask(sender, "hello")).Value);
        RpcFailedException failure = await Assert.ThrowsAsync<RpcFailedException>(() => Ask(sender, "throw"));
        Assert.Equal((nameof(InvalidOperationException), "no"), (failure.ErrorType, failure.Message));
        failure = await Assert.ThrowsAsync<RpcFailedException>(() => Ask(sender, "unreadable").WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(nameof(MalformedRecordException), failure.ErrorType);
    }

    [Fact]
    public async Task Many_questions_at_once_get_each_its_own_answer()
    {
        await Ready(Subscriptions.Rpc("answerers", Question, new Answerer(), TimeSpan.FromSeconds(5)));
        RpcSender<Text, Text> sender = await Sender();
        Text[] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(n => Ask(sender, $"{n}")));
        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"{n}!"), answers.Select(answer => answer.Value));
    }

    [Fact]
    public async Task A_question_that_nobody_answers_times_out_and_says_of_whom()
    {
        RpcSender<Text, Text> sender = await Sender();
        Task<Text> asking = Ask(sender, "hello");
        await Eventually.True(() => asking.IsCompleted, "the end of asking", rig.PassTime);
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(() => asking);
        Assert.Contains("test.question", timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_asked_before_its_responder_starts_or_lost_with_a_responder_is_answered_by_the_next_one()
    {
        RpcSender<Text, Text> sender = await Sender();
        Task<Text> asking = Ask(sender, "early");
        await Ready(Subscriptions.Rpc("answerers", Question, new Answerer(), TimeSpan.FromSeconds(5)));
        Assert.Equal("early!", (await asking).Value);

        int commits = 0;
        rig.Bus.Faults = _ => commits++ == 0 ? CommitFault.Fenced : CommitFault.None;
        asking = Ask(sender, "late");
        await Eventually.True(() => asking.IsCompleted, "an answer", rig.PassTime);
        Assert.Equal("late!", (await asking).Value);
    }

    [Fact]
    public async Task A_responder_that_takes_too_long_answers_with_a_timeout()
    {
        await Ready(Subscriptions.Rpc("answerers", Question, new Answerer(), TimeSpan.FromSeconds(1)));
        RpcSender<Text, Text> sender = await Sender();
        Task<Text> asking = sender.AskAsync(new Text("slow"), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5), CancellationToken.None);
        await Eventually.True(() => asking.IsCompleted, "an answer", rig.PassTime);
        RpcFailedException failure = await Assert.ThrowsAsync<RpcFailedException>(() => asking);
        Assert.Equal(nameof(TimeoutException), failure.ErrorType);
    }

    [Fact]
    public async Task A_publisher_refuses_what_is_too_large_and_writes_nothing_of_it()
    {
        await using IPublisher publisher = Subscriptions.Publisher("test");
        await Assert.ThrowsAsync<RecordRefusedException>(
            () => publisher.PublishAsync(TextProcessor.Out("aaaa", "small"), TextProcessor.Out("aaaa", new string('x', 2_000_000))));
        Assert.Empty(rig.Outputs("aaaa"));
    }

    private static Record Value(string key, string? value) => Record.Of(Info, Encoding.UTF8.GetBytes(key), value is null ? null : new Text(value));

    private static Task<Text> Ask(RpcSender<Text, Text> sender, string question) =>
        sender.AskAsync(new Text(question), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(2), CancellationToken.None);

    private async Task<RpcSender<Text, Text>> Sender()
    {
        RpcSender<Text, Text> sender = Subscriptions.RpcSender(Question);
        await Ready(sender);
        return sender;
    }

    private async Task<ISubscription> Ready(ISubscription subscription)
    {
        started.Add(subscription);
        subscription.Start();
        await Eventually.True(() => subscription.Health.Ready, () => $"{subscription.Name} ready: {subscription.Health}\n{rig.Log.Tail()}");
        return subscription;
    }

    private sealed class CompactedRecorder : ICompactedProcessor<Text>
    {
        public List<string>? Snapshot { get; private set; }

        public ConcurrentQueue<string> Live { get; } = new();

        public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], Text>> values) =>
            Snapshot = [.. values.Select(pair => $"{Encoding.UTF8.GetString(pair.Key)}={pair.Value.Value}")];

        public void OnNext(byte[] key, Text? value)
        {
            if (value?.Value == "throw")
            {
                throw new InvalidOperationException("asked to");
            }

            Live.Enqueue($"{Encoding.UTF8.GetString(key)}={value?.Value}");
        }
    }

    private sealed class PubSubRecorder : IPubSubProcessor<Text>
    {
        public ConcurrentQueue<string?> Heard { get; } = new();

        public void OnNext(byte[] key, Text? value)
        {
            if (value?.Value == "throw")
            {
                throw new InvalidOperationException("asked to");
            }

            Heard.Enqueue(value?.Value);
        }
    }

    private sealed class Copier : IDurableProcessor<Text>
    {
        public int TransientFailuresLeft { get; set; }

        public IReadOnlyList<Record> OnNext(IReadOnlyList<KeyValuePair<byte[], Text?>> records) => [.. records.Select(pair => pair.Value!.Value switch
        {
            var text when text.StartsWith("bad", StringComparison.Ordinal) => throw new InvalidOperationException($"never: {text}"),
            "flaky" when TransientFailuresLeft-- > 0 => throw new TransientProcessingException("not now"),
            _ => Record.Of(StateAndEventRig.Out, pair.Key, pair.Value),
        })];
    }

    private sealed class Answerer : IRpcResponder<Text, Text>
    {
        public async Task<Text> RespondAsync(Text request, CancellationToken cancellationToken)
        {
            if (request.Value == "slow")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            return request.Value == "throw" ? throw new InvalidOperationException("no") : new Text(request.Value + "!");
        }
    }
}
