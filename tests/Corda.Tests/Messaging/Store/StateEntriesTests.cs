using Corda.Tests.Support;
using Corda.Workers.Messaging.StateAndEvent;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Messaging.Store;

/// <summary>What holds wherever the records are.</summary>
public abstract class StateEntriesTests : IDisposable
{
    private protected static readonly StateTopic Topic = new("topic one", 0, long.MaxValue);
    private protected static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private protected FakeTimeProvider Time { get; } = new(Noon);

    private protected RecordingLogger Log { get; } = new();

    private protected TemporaryFolder Folder { get; } = new();

    /// <summary>The entries of a partition that nobody has opened yet.</summary>
    private protected abstract StateEntries Make();

    public void Dispose() => Folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Entries_are_what_was_put_however_often_memory_forgets_them(int seed)
    {
        var random = new Random(seed);
        var model = new Dictionary<byte, StateRecord>();
        using StateEntries entries = Make();
        entries.TryOpen(Topic, Noon, out _);
        for (int step = 0; step < 4_000; step++)
        {
            byte key = (byte)random.Next(64);
            switch (random.Next(8))
            {
                case < 4:
                    long version = (model.GetValueOrDefault(key)?.Version ?? 0) + 1;
                    StateRecord record = Record(version, random.Next(3) == 0 ? null : Noon.AddSeconds(random.Next(4_000)));
                    model[key] = record;
                    entries.Put(entries.Find([key]), [key], StateImage.Of(record));
                    break;
                case 4:
                    model.Remove(key);
                    Remove(entries, key);
                    break;
                case 5:
                    Time.Advance(TimeSpan.FromSeconds(random.Next(4)));
                    Tend(entries, step);
                    break;
                default:
                    Assert.Equal(model.GetValueOrDefault(key)?.Version, entries.Find([key])?.Image.Version);
                    break;
            }

            if (random.Next(40) == 0)
            {
                DateTimeOffset now = Time.GetUtcNow();
                foreach (byte due in TakeDue(entries, now))
                {
                    Assert.True(model[due].WakeAt <= now, $"seed {seed}, step {step}: key {due} was called before its time");
                    model.Remove(due);
                    Remove(entries, due);
                }

                byte[] overdue = [.. model.Where(one => one.Value.WakeAt <= now).Select(static one => one.Key)];
                Assert.True(overdue.Length == 0, $"seed {seed}, step {step}: keys {string.Join(", ", overdue)} were not called");
            }

            Assert.True(model.Count == entries.Count, $"seed {seed}, step {step}: {entries.Count} keys, not {model.Count}");
        }

        Assert.Equal(model.Values.Sum(static record => StateRecordCodec.Encode(record).Length), entries.Bytes);
        Assert.All(model, one => Assert.Equal(StateRecordCodec.Encode(one.Value), entries.Find([one.Key])!.Image.Bytes));
    }

    [Fact]
    public void Cleared_entries_are_not_there_and_can_be_put_anew()
    {
        using StateEntries entries = Make();
        entries.TryOpen(Topic, Noon, out _);
        Fill(entries, 30);
        entries.Clear();

        Assert.Equal((0, 0L), ((int)entries.Count, entries.Bytes));
        Assert.Null(entries.Find([3]));
        Assert.Null(entries.NextDue());
        Fill(entries, 30);
        Assert.Equal(1, entries.Find([3])?.Image.Version);
    }

    private protected static StateRecord Record(long version, DateTimeOffset? due, int payloadBytes = 200) =>
        new(version, $"input {version}", version, due, null, new byte[payloadBytes]);

    /// <summary>Keys 0 to count - 1, each due so many seconds after noon, put and tended until nothing waits to be written.</summary>
    private protected void Fill(StateEntries entries, byte count, int payloadBytes = 200)
    {
        for (byte key = 0; key < count; key++)
        {
            StateRecord record = Record(1, Noon.AddSeconds(key), payloadBytes);
            entries.Put(entries.Find([key]), [key], StateImage.Of(record));
            Time.Advance(TimeSpan.FromSeconds(6));
            Tend(entries, key);
        }
    }

    private static void Remove(StateEntries entries, byte key)
    {
        if (entries.Find([key]) is { } entry)
        {
            entries.Remove(entry);
        }
    }

    private void Tend(StateEntries entries, long completeTo)
    {
        if (entries.WantsWriting())
        {
            entries.Write(Note(entries, completeTo));
        }

        entries.Trim();
    }

    private protected StoreNote Note(StateEntries entries, long completeTo, byte[]? marker = null) =>
        new(Topic.Identity, completeTo, Time.GetUtcNow(), entries.Count, entries.Bytes, 0, marker);

    private protected static IEnumerable<byte> TakeDue(StateEntries entries, DateTimeOffset now)
    {
        for (entries.BringInDue(now); entries.DueTimes.Take(now) is { } key; entries.BringInDue(now))
        {
            yield return key[0];
        }
    }
}

public sealed class StateEntriesInMemoryTests : StateEntriesTests
{
    private protected override StateEntries Make() => new();
}
