using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;
using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Tests.Messaging.Store;

/// <summary>A local copy with memory for a few states: what only it can do, and when it is not believed.</summary>
public sealed class SpilledStateEntriesTests : StateEntriesTests
{
    private static readonly TopicPartition Partition = new("event.state", 0);
    private StateCache? cache;

    [Fact]
    public void Memory_keeps_what_its_budget_has_room_for()
    {
        using StateEntries entries = Make();
        entries.TryOpen(Topic, Noon, out _);
        Fill(entries, 60);

        Assert.Equal(60, entries.Count);
        Assert.InRange(entries.InMemory, 1, 12);
        Assert.InRange(cache!.Used, 1, 8_000);
        Assert.Equal(Noon.AddSeconds(7), entries.Find([7])?.Image.WakeAt);
    }

    [Fact]
    public void A_saved_copy_is_gone_on_with_where_it_ends()
    {
        Leave(count: 60, completeTo: 1_234);

        using StateEntries next = Make();
        Assert.True(next.TryOpen(Topic, Noon, out StoreNote? note));
        Assert.Equal((1_234, 60), (note.CompleteTo, note.States));
        Assert.Equal([7, 7], note.Marker);
        Assert.Equal(60, next.Count);
        Assert.Equal(0, next.InMemory);
        Assert.Equal(Noon, next.NextDue());
        Assert.Equal(1, next.Find([17])?.Image.Version);
        Assert.Equal(Enumerable.Range(0, 31).Select(static n => (byte)n), TakeDue(next, Noon.AddSeconds(30)));
    }

    [Fact]
    public void What_fits_is_brought_into_memory_at_once()
    {
        Leave(count: 60, completeTo: 1);
        using StateEntries next = new StateCache(Folder.Path, 1_000_000, Time, Log).Open(Partition);
        Assert.True(next.TryOpen(Topic, Noon, out _));
        Assert.Equal(60, next.InMemory);
        Assert.Equal(Noon, next.DueTimes.Next());
    }

    [Fact]
    public void A_copy_without_an_orderly_end_is_what_it_was_when_it_was_written_last()
    {
        StateEntries killed = Make();
        killed.TryOpen(Topic, Noon, out _);
        Fill(killed, 20);
        killed.Save(Note(killed, 100));
        Fill(killed, 60);
        killed.Save(Note(killed, 200));
        killed.Put(killed.Find([5]), [5], StateImage.Of(Record(2, null)));
        string copy = Path.Combine(Folder.Path, "killed");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(Folder.Path))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        using StateEntries next = new StateCache(copy, 4_000, Time, Log).Open(Partition);
        Assert.True(next.TryOpen(Topic, Noon, out StoreNote? note), Log.Tail());
        Assert.Equal((200, 60L), (note.CompleteTo, next.Count));
        Assert.Equal(1, next.Find([5])?.Image.Version);
        killed.Dispose();
    }

    [Fact]
    public void A_copy_of_another_topic_is_not_believed() => NotBelieved(Topic with { Identity = "topic two" }, Noon);

    [Fact]
    public void A_copy_that_ends_behind_the_end_of_the_topic_is_not_believed() => NotBelieved(Topic with { End = 99 }, Noon);

    [Fact]
    public void A_copy_that_ends_before_the_beginning_of_the_topic_is_not_believed() => NotBelieved(Topic with { Begin = 101, End = 500 }, Noon);

    [Fact]
    public void A_copy_that_may_have_missed_tombstones_is_not_believed() => NotBelieved(Topic, Noon + Spill.AgeMax + TimeSpan.FromHours(1));

    [Fact]
    public void A_copy_from_the_future_is_not_believed() => NotBelieved(Topic, Noon - Spill.AgeMax);

    [Fact]
    public void A_copy_whose_note_was_taken_back_is_not_believed()
    {
        StateEntries entries = Make();
        entries.TryOpen(Topic, Noon, out _);
        Fill(entries, 10);
        entries.Save(null);
        entries.Dispose();
        using StateEntries next = Make();
        Assert.False(next.TryOpen(Topic, Noon, out _));
    }

    /// <summary>Wherever the file is cut off or changed: the copy is discarded, or all of it is still right.</summary>
    [Fact]
    public void A_damaged_file_is_discarded_or_tells_the_truth()
    {
        Leave(count: 60, completeTo: 100);
        string file = Path.Combine(Folder.Path, $"{Partition}.db");
        byte[] sound = File.ReadAllBytes(file);
        var random = new Random(20260101);
        int discarded = 0;
        for (int round = 0; round < 60; round++)
        {
            byte[] damaged = [.. sound];
            int at = random.Next(sound.Length);
            if (round % 4 == 0)
            {
                damaged = damaged[..at];
            }
            else
            {
                random.NextBytes(damaged.AsSpan(at, Math.Min(round % 4 == 1 ? 1 : 600, damaged.Length - at)));
            }

            File.WriteAllBytes(file, damaged);
            discarded += IsDiscardedOrRight($"round {round}, byte {at} of {sound.Length}") ? 1 : 0;
        }

        Assert.InRange(discarded, 20, 60);
    }

    [Fact]
    public void Damage_that_comes_while_the_copy_is_used_makes_its_owner_read_the_topic()
    {
        Leave(count: 60, completeTo: 100, payloadBytes: 20_000);
        StateEntries entries = Make();
        Assert.True(entries.TryOpen(Topic, Noon, out _));
        string file = Path.Combine(Folder.Path, $"{Partition}.db");
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.Position = 4_096;
            stream.Write(new byte[stream.Length - 4_096]);
        }

        // More than any cache of pages holds.
        Assert.Throws<MessagingIndefiniteException>(() => Enumerable.Range(0, 60).Select(key => entries.Find([(byte)key])).ToList());
        entries.Dispose();
        using StateEntries next = Make();
        Assert.False(next.TryOpen(Topic, Noon, out _));
    }

    [Fact]
    public void A_later_owner_ends_the_use_of_the_former()
    {
        Leave(count: 60, completeTo: 100);
        using StateEntries former = Make();
        Assert.True(former.TryOpen(Topic, Noon, out _));
        using StateEntries later = cache!.Open(Partition);
        Assert.True(later.TryOpen(Topic, Noon, out _));

        Assert.Throws<MessagingFencedException>(() => former.Find([3]));
        former.Save(Note(former, 999));
        Assert.NotNull(later.Find([3]));
    }

    [Fact]
    public void A_copy_that_cannot_be_written_leaves_everything_in_memory()
    {
        File.WriteAllText(Path.Combine(Folder.Path, "file"), "in the way");
        using StateEntries entries = new StateCache(Path.Combine(Folder.Path, "file"), 4_000, Time, Log).Open(Partition);
        Assert.False(entries.TryOpen(Topic, Noon, out _));
        Fill(entries, 60);
        Assert.Equal(60, entries.InMemory);
        Assert.Equal(1, entries.Find([3])?.Image.Version);
    }

    private protected override StateEntries Make() => (cache ??= new StateCache(Folder.Path, 4_000, Time, Log)).Open(Partition);

    // As of noon: the clock of the tests is moved by filling.
    private void Leave(byte count, long completeTo, int payloadBytes = 200)
    {
        using StateEntries entries = Make();
        entries.TryOpen(Topic, Noon, out _);
        Fill(entries, count, payloadBytes);
        entries.Save(Note(entries, completeTo, [7, 7]) with { AsOf = Noon });
    }

    private void NotBelieved(StateTopic topic, DateTimeOffset now)
    {
        Leave(count: 60, completeTo: 100);
        StateEntries next = Make();
        Assert.False(next.TryOpen(topic, now, out _));
        Assert.Equal(0, next.Count);
        Assert.Null(next.Find([3]));
        next.Dispose();
        using StateEntries third = Make();
        Assert.False(third.TryOpen(Topic, Noon, out _), "what was not believed once is gone");
    }

    private bool IsDiscardedOrRight(string what)
    {
        using StateEntries entries = new StateCache(Folder.Path, 4_000, Time, Log).Open(Partition);
        if (!entries.TryOpen(Topic, Noon, out StoreNote? note))
        {
            return true;
        }

        Assert.True(note.CompleteTo == 100, what);
        try
        {
            List<byte> due = [.. TakeDue(entries, Noon.AddSeconds(100))];
            Assert.True(due.SequenceEqual(Enumerable.Range(0, 60).Select(static n => (byte)n)), $"{what}: due are {string.Join(", ", due)}");
            for (byte key = 0; key < 60; key++)
            {
                Assert.True(Noon.AddSeconds(key) == entries.Find([key])?.Image.WakeAt, $"{what}: key {key}");
            }

            return false;
        }
        catch (MessagingIndefiniteException)
        {
            return true;
        }
    }
}
