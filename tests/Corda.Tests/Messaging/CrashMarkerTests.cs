using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.Tests.Messaging;

/// <summary>How a crash marker tells the next owner what to be careful of, and how long suspicion lasts.</summary>
public class CrashMarkerTests
{
    [Fact]
    public void Who_finds_no_marker_or_progress_is_not_cautious_and_who_finds_neither_is()
    {
        Assert.Equal((new CrashMarker("me", 5), false), CrashMarker.OnTakeover(null, 5, "me"));
        Assert.Equal((new CrashMarker("me", 5), false), CrashMarker.OnTakeover(new CrashMarker("he", 4), 5, "me"));
        Assert.Equal((new CrashMarker("me", 5), true), CrashMarker.OnTakeover(new CrashMarker("he", 5), 5, "me"));
        Assert.Equal((new CrashMarker("me", 5), false), CrashMarker.OnTakeover(new CrashMarker("me", 5), 5, "me"));
        Assert.Equal((new CrashMarker("me", 5), false), CrashMarker.OnTakeover(new CrashMarker("he", 5) { Settled = true }, 5, "me"));
        Assert.Equal((Suspecting("me", ("x", ["he"])), true), CrashMarker.OnTakeover(Suspecting("he", ("x", ["he"])), 5, "me"));
        Assert.Equal((Suspecting("me", ("x", ["he"])), false), CrashMarker.OnTakeover(Suspecting("he", ("x", ["he"])) with { Position = 4 }, 5, "me"));
    }

    [Fact]
    public void Who_comes_back_or_leaves_in_good_order_was_killed_by_nothing_that_it_had_tried()
    {
        CrashMarker left = Suspecting("me", ("x", ["he", "me"]), ("y", ["me"]));
        Assert.Equal((Suspecting("me", ("x", ["he"])), true), CrashMarker.OnTakeover(left, 5, "me"));
        Assert.Equal(Suspecting("me", ("x", ["he"])), left.OnLeaving());
        Assert.Equal((new CrashMarker("me", 5), false), CrashMarker.OnTakeover(Suspecting("me", ("y", ["me"])), 5, "me"));
    }

    [Fact]
    public void Attempts_of_processes_that_were_not_heard_of_again_count_and_own_ones_do_not()
    {
        Assert.Equal(Suspecting("me", ("x", ["me"])), CrashMarker.BeforeAttempt(null, "x", 5, "me", 3));
        Assert.Equal(Suspecting("me", ("x", ["a", "b", "me"])), CrashMarker.BeforeAttempt(Suspecting("b", ("x", ["a", "b"])), "x", 5, "me", 3));
        Assert.Equal(Suspecting("me", ("x", ["a", "b", "me"])), CrashMarker.BeforeAttempt(Suspecting("me", ("x", ["a", "b", "me"])), "x", 5, "me", 3));
        Assert.Null(CrashMarker.BeforeAttempt(Suspecting("c", ("x", ["a", "b", "c"])), "x", 5, "me", 3));
    }

    [Fact]
    public void Other_inputs_of_the_partition_that_are_tried_and_done_absolve_none()
    {
        CrashMarker left = Suspecting("he", ("x", ["a", "he"]));
        CrashMarker? between = CrashMarker.BeforeAttempt(left, "y", 5, "me", 3);
        Assert.Equal(Suspecting("me", ("x", ["a", "he"]), ("y", ["me"])), between);
        CrashMarker done = CrashMarker.AfterAttempt(between, "y", 6, "me");
        Assert.Equal(Suspecting("me", ("x", ["a", "he"])) with { Position = 6 }, done);
        Assert.True(CrashMarker.OnTakeover(done, 6, "you").Cautious);
        Assert.Equal(3, CrashMarker.BeforeAttempt(done, "x", 6, "me", 3)!.AttemptsAt("x"));
        Assert.Empty(CrashMarker.AfterAttempt(done, "x", 7, "me").Suspects);
    }

    [Fact]
    public void Of_too_many_suspected_inputs_the_first_is_forgotten_and_the_marker_still_can_be_read()
    {
        CrashMarker? marker = null;
        for (int n = 0; n <= CrashMarker.SuspectsMax; n++) marker = CrashMarker.BeforeAttempt(marker, $"{n}", 5, "me", 3);

        Assert.Equal((0, 1, CrashMarker.SuspectsMax), (marker!.AttemptsAt("0"), marker.AttemptsAt("1"), marker.Suspects.Count));
        Assert.Equal(marker, CrashMarker.Decode(marker.Encode()));
    }

    [Fact]
    public void Workers_that_are_put_out_of_the_group_in_turns_while_they_try_an_input_alone_are_no_crash_loop()
    {
        CrashMarker? marker = null;
        for (int round = 0; round < 20; round++)
        {
            string owner = round % 2 == 0 ? "one" : "other";
            marker = CrashMarker.BeforeAttempt(marker, "x", 5, owner, 3);
            Assert.NotNull(marker);
            (marker, _) = CrashMarker.OnTakeover(marker, 5, round % 2 == 0 ? "other" : "one");
        }

        Assert.Equal(1, marker!.AttemptsAt("x"));
    }

    [Fact]
    public void What_was_found_is_worked_off_when_the_end_was_seen_and_nothing_is_due_from_before_whichever_comes_first()
    {
        DateTimeOffset takenAt = DateTimeOffset.UnixEpoch;
        var suspicion = new Suspicion(takenAt, isCautious: true, inputsMax: 10);

        suspicion.BatchEnded(wasTried: true, isAtEnd: false, nextDue: takenAt);
        suspicion.BatchEnded(wasTried: true, isAtEnd: false, nextDue: takenAt.AddMilliseconds(1));
        suspicion.BatchEnded(wasTried: true, isAtEnd: false, nextDue: null);
        Assert.True(suspicion is { OneByOne: true, IsOver: false }, "timers alone say nothing of events");

        suspicion.BatchEnded(wasTried: true, isAtEnd: true, nextDue: takenAt);
        Assert.True(suspicion is { OneByOne: false, IsOver: true }, "a due time of later is above suspicion");
    }

    [Fact]
    public void Who_sees_nothing_due_says_so_to_others_only_when_nothing_is_due_by_their_clocks_either()
    {
        DateTimeOffset takenAt = DateTimeOffset.UnixEpoch;
        var suspicion = new Suspicion(takenAt, isCautious: true, inputsMax: 10);

        suspicion.Look(isAtEnd: true, nextDue: takenAt + Suspicion.ClockDifferenceMax);
        Assert.True(suspicion is { OneByOne: false, IsOver: false });

        suspicion.Look(isAtEnd: false, nextDue: takenAt + Suspicion.ClockDifferenceMax + TimeSpan.FromTicks(1));
        Assert.True(suspicion.IsOver);
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, Suspicion.BatchesMax)]
    public void Inputs_are_taken_one_by_one_for_a_bounded_number_of_batches_and_that_absolves_nothing(bool areOwn, int expectedBatches)
    {
        var suspicion = new Suspicion(DateTimeOffset.UnixEpoch, isCautious: true, inputsMax: 3);
        for (int batch = 0; batch < expectedBatches; batch++)
        {
            suspicion.Look(isAtEnd: false, nextDue: null);
            Assert.True(suspicion.OneByOne);
            suspicion.BatchEnded(wasTried: areOwn, isAtEnd: false, nextDue: null);
        }

        Assert.True(suspicion is { OneByOne: false, IsOver: false });
    }

    [Fact]
    public void A_marker_comes_back_from_its_bytes_and_an_unknown_one_says_that_somebody_died()
    {
        CrashMarker marker = Suspecting("me", ("x", ["he", "me"]), ("y", ["he"]));
        Assert.Equal(marker, CrashMarker.Decode(marker.Encode()));
        Assert.Equal(marker with { Settled = true }, CrashMarker.Decode((marker with { Settled = true }).Encode()));
        Assert.True(CrashMarker.OnTakeover(CrashMarker.Decode([77]), 5, "me").Cautious);
        Assert.True(CrashMarker.OnTakeover(CrashMarker.Decode([1, 2]), 5, "me").Cautious);
    }

    private static CrashMarker Suspecting(string owner, params (string Input, string[] Tried)[] suspects) =>
        new(owner, 5, [.. suspects.Select(static one => new SuspectedInput(one.Input, one.Tried))]);
}
