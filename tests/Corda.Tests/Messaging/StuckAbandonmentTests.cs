using System.Text;
using Corda.Tests.Support;
using Corda.Workers.Messaging;

namespace Corda.Tests.Messaging;

/// <summary>What is foreign may hang wherever it is called, also while its failure is being dealt with.</summary>
public sealed class StuckAbandonmentTests : IAsyncDisposable
{
    private readonly StateAndEventRig rig = new();
    private readonly ManualResetEventSlim release = new();
    private int hung;

    public StuckAbandonmentTests() => rig.Processor.OnText = (_, _, text, _) => text switch
    {
        "bad" => throw new InvalidOperationException("never"),
        "stuck" => Hang(),
        "make it endless" => new Step<Text>(new Text("endless"), []),
        "send stuck" => TextProcessor.Append(null, text, [TextProcessor.To("aaaa-3", "stuck")]),
        _ => null,
    };

    public async ValueTask DisposeAsync()
    {
        release.Set();
        await rig.DisposeAsync();
        release.Dispose();
    }

    [Theory]
    [InlineData("bad")]
    [InlineData("stuck")]
    public async Task An_abandonment_that_hangs_is_tried_once_more_at_most_and_nothing_is_lost(string text)
    {
        rig.Processor.OnGivenUp = (_, _, _, _) => Hang();
        await StartReady(new TextCodec());
        await rig.Publish("aaaa-1", "a");
        await rig.StateBecomes("aaaa-1", "a");
        await rig.Publish(TextProcessor.To("aaaa-1", text), TextProcessor.To("aaaa-1", "b"), TextProcessor.To("aaaa-2", "x"));
        await rig.StateBecomes("aaaa-1", "b", LetTheWatchdogSeeTimePass);
        await rig.StateBecomes("aaaa-2", "x");
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal((FailureKind.Stuck, text, "a"), (letter.Kind, Encoding.UTF8.GetString(letter.Event!), Encoding.UTF8.GetString(letter.State!)));
        Assert.Equal(2, hung);
        Assert.Contains("Its abandonment, too, ran longer", letter.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chained_event_whose_abandonment_hangs_is_in_its_dead_letter()
    {
        rig.Processor.OnGivenUp = (_, _, _, _) => Hang();
        await StartReady(new TextCodec());
        await rig.Publish("aaaa-3", "a");
        await rig.StateBecomes("aaaa-3", "a");
        await rig.Publish("aaaa-1", "send stuck");
        await rig.StateBecomes("aaaa-3", null, LetTheWatchdogSeeTimePass);
        Assert.Equal("send stuck", rig.State("aaaa-1"));
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal(("stuck", "a"), (Encoding.UTF8.GetString(letter.Event!), Encoding.UTF8.GetString(letter.State!)));
    }

    [Fact]
    public async Task A_state_whose_decoding_hangs_goes_to_the_dead_letters_as_the_bytes_it_is()
    {
        bool hangs = false;
        await StartReady(new HangingCodec { OnDecode = text => _ = Hang(hangs) });
        await rig.Publish("aaaa-1", "a");
        await rig.StateBecomes("aaaa-1", "a");
        hangs = true;
        await rig.Publish(TextProcessor.To("aaaa-1", "b"), TextProcessor.To("aaaa-2", "x"));
        await rig.StateBecomes("aaaa-1", null, LetTheWatchdogSeeTimePass);
        await rig.StateBecomes("aaaa-2", "x");
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal(("b", "a"), (Encoding.UTF8.GetString(letter.Event!), Encoding.UTF8.GetString(letter.State!)));
    }

    [Fact]
    public async Task A_state_whose_encoding_hangs_is_not_encoded_for_ever()
    {
        rig.Processor.OnGivenUp = static (_, _, _, _) => new Step<Text>(new Text("endless"), []);
        await StartReady(new HangingCodec { OnEncode = text => _ = Hang(text == "endless") }, fromBytes: false);
        await rig.Publish("aaaa-1", "a");
        await rig.StateBecomes("aaaa-1", "a");
        await rig.Publish("aaaa-1", "make it endless");
        await rig.StateBecomes("aaaa-1", null, LetTheWatchdogSeeTimePass);
        DeadLetter letter = Assert.Single(rig.DeadLetters());
        Assert.Equal(("make it endless", "a"), (Encoding.UTF8.GetString(letter.Event!), Encoding.UTF8.GetString(letter.State!)));
    }

    [Fact]
    public async Task An_urgent_event_that_hangs_leaves_the_parked_key_as_it_is()
    {
        bool flaky = true;
        rig.Processor.OnText = (_, _, text, _) => text switch
        {
            "flaky" when flaky => throw new TransientProcessingException("not now"),
            "urgent" => Hang(),
            _ => null,
        };
        await StartReady(new TextCodec(), retryDelay: TimeSpan.FromDays(1));
        await rig.Publish("aaaa-1", "a", "flaky");
        await Eventually.True(() => rig.History("aaaa-1").LastOrDefault()?.Parked is not null, "the key is parked");
        await rig.Publish("aaaa-1", "urgent");
        await Eventually.True(() => rig.DeadLetters().Count == 1, () => $"a dead letter\n{rig.Log.Tail()}", LetTheWatchdogSeeTimePass);
        Assert.Equal("urgent", Encoding.UTF8.GetString(rig.DeadLetters()[0].Event!));
        flaky = false;
        rig.Time.Advance(TimeSpan.FromDays(1));
        await rig.StateBecomes("aaaa-1", "a,flaky", rig.PassTime);
    }

    private Task<ISubscription> StartReady(ICodec<Text> stateCodec, bool fromBytes = true, TimeSpan? retryDelay = null) => rig.StartReady(settings => settings with
    {
        StateCodec = stateCodec,
        StepTimeout = TimeSpan.FromSeconds(1),
        AlwaysRestoreFromBytes = fromBytes,
        RetryDelay = retryDelay ?? settings.RetryDelay,
        RetryDelayMax = retryDelay ?? settings.RetryDelayMax,
    });

    private void LetTheWatchdogSeeTimePass() => rig.Time.Advance(TimeSpan.FromMilliseconds(100));

    private Step<Text>? Hang() => Hang(really: true);

    private Step<Text>? Hang(bool really)
    {
        if (really)
        {
            Interlocked.Increment(ref hung);
            release.Wait(TimeSpan.FromSeconds(60));
        }

        return null;
    }

    private sealed class HangingCodec : ICodec<Text>
    {
        private readonly TextCodec inner = new();

        public Action<string> OnEncode { get; init; } = static _ => { };

        public Action<string> OnDecode { get; init; } = static _ => { };

        public byte[] Encode(Text value)
        {
            OnEncode(value.Value);
            return inner.Encode(value);
        }

        public Text Decode(ReadOnlySpan<byte> bytes)
        {
            Text text = inner.Decode(bytes);
            OnDecode(text.Value);
            return text;
        }
    }
}
