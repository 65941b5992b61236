using Corda.Workers.Messaging.StateAndEvent;
using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Tests.Messaging;

/// <summary>Which states are kept as objects.</summary>
public sealed class DecodedStatesTests
{
    private const int EnvelopeBytes = 35;

    [Fact]
    public void Objects_of_large_states_are_kept_only_as_far_as_their_bytes_have_room()
    {
        var decoded = new DecodedStates<Text>(max: 1_000);
        StateEntry small = Entry(bytes: 100);
        StateEntry large = Entry(DecodedStates<Text>.BytesMax - 100);
        decoded.Keep(small, new Text("small"));
        decoded.Keep(large, new Text("large"));
        Assert.Equal(2, decoded.Count);

        decoded.Keep(Entry(bytes: 100), new Text("one more"));
        Assert.Null(decoded.Take(small));
        Assert.NotNull(decoded.Take(large));
        decoded.Keep(Entry(DecodedStates<Text>.BytesMax + 1), new Text("larger than all"));

        Assert.Equal(0, decoded.Count);
    }

    [Fact]
    public void Who_is_used_again_and_again_outlives_those_that_are_used_once()
    {
        var decoded = new DecodedStates<Text>(max: 10);
        StateEntry busy = Entry(100);
        decoded.Keep(busy, new Text("0"));
        for (int round = 1; round < 100; round++)
        {
            Assert.Equal($"{round - 1}", decoded.Take(busy)?.Value);
            decoded.Keep(busy, new Text($"{round}"));
            for (int other = 0; other < 5; other++) decoded.Keep(Entry(100), new Text("other"));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_taken_is_what_was_kept_last_or_nothing(int seed)
    {
        var random = new Random(seed);
        var decoded = new DecodedStates<Text>(max: 8);
        StateEntry[] entries = [.. Enumerable.Range(0, 30).Select(_ => Entry(100))];
        var model = new Dictionary<StateEntry, Text>();
        for (int step = 0; step < 10_000; step++)
        {
            StateEntry entry = entries[random.Next(entries.Length)];
            switch (random.Next(100))
            {
                case 0:
                    decoded.Clear();
                    model.Clear();
                    break;
                case < 30:
                    Text? taken = decoded.Take(entry);
                    Assert.True(taken is null || ReferenceEquals(taken, model.GetValueOrDefault(entry)), $"seed {seed}, step {step}");
                    Assert.Null(decoded.Take(entry));
                    model.Remove(entry);
                    break;
                case < 40:
                    decoded.Forget(entry);
                    model.Remove(entry);
                    break;
                default:
                    decoded.Forget(entry);
                    model[entry] = new Text($"{step}");
                    decoded.Keep(entry, model[entry]);
                    Assert.Same(model[entry], entry.Decoded);
                    break;
            }

            int there = entries.Count(static one => one.Decoded is not null);
            Assert.True(there == decoded.Count && there <= 8, $"seed {seed}, step {step}: {there} are there, {decoded.Count} counted");
        }
    }

    private static StateEntry Entry(int bytes) => new([1], StateImage.Of(new StateRecord(1, "x", -1, null, null, new byte[bytes - EnvelopeBytes])));
}
