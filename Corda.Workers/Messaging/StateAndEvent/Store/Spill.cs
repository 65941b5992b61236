using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>The topic that a copy is of.</summary>
/// <param name="Identity">Another text when it was made anew.</param>
/// <param name="Begin">The offset of the oldest record that may be there.</param>
/// <param name="End">The offset after the newest.</param>
internal sealed record StateTopic(string Identity, long Begin, long End);

/// <summary>
/// A partition's local copy with what belongs to it in memory: who was used when, what the copy does not know yet, and where its due times have been taken over.
/// Used by one thread at a time.
/// </summary>
/// <remarks>
/// Due times: whatever is due at or before the place up to which they were taken over is in memory, and stays there until it is changed. What leaves memory is due later.
/// So a state's time is always either in the memory's queue or to be found in the copy.
/// </remarks>
internal sealed class Spill : IDisposable
{
    /// <summary>So many entries that have to stay are passed over at a time.</summary>
    public const int PassedOverMax = 256;

    /// <summary>
    /// A copy that lags more is not believed: what was deleted meanwhile may be gone from the topic without a trace. Half of the 24 hours that tombstones stay
    /// (delete.retention.ms); the other half is left for reading.
    /// </summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromHours(12);

    private const int DueAtOnce = 256;
    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleWriteInterval = TimeSpan.FromMinutes(5);

    private readonly IStateStore store;
    private readonly TimeProvider time;
    private DuePlace takenOverTo = DuePlace.Beginning;
    private long lastWrite;

    /// <summary>Takes a copy that nobody else uses.</summary>
    /// <param name="store">The copy. It is closed with this.</param>
    /// <param name="budget">The memory of the process.</param>
    /// <param name="writers">Where writing runs.</param>
    /// <param name="time">For pauses.</param>
    /// <param name="logger">Told of what goes wrong.</param>
    public Spill(IStateStore store, StateBudget budget, TaskScheduler writers, TimeProvider time, ILogger logger)
    {
        this.store = store;
        this.time = time;
        Budget = budget;
        WriteBehind = new WriteBehind(store, writers, logger);
        lastWrite = time.GetTimestamp();
        budget.Join();
    }

    public StateBudget Budget { get; }

    public Recency Recency { get; } = new();

    public WriteBehind WriteBehind { get; }

    /// <summary>When the first of those that are not in memory wants attention, at the earliest; null for never.</summary>
    public DateTimeOffset? NextDue { get; private set; }

    /// <summary>Memory is short and what could leave it is just being written.</summary>
    public bool MustWait => Budget.IsFarExceeded && WriteBehind.IsWriting;

    private long WriteBytes => Math.Clamp(Budget.Share / 8, 128 * 1024, 4 * 1024 * 1024);

    /// <summary>What the copy is if it can be gone on with; else it is emptied.</summary>
    public StoreNote? Open(StateTopic topic, DateTimeOffset now)
    {
        if (store.Note is { } note && note.Topic == topic.Identity && note.CompleteTo >= topic.Begin && note.CompleteTo <= topic.End && Age(note, now) < AgeMax)
        {
            WriteBehind.GoOn(note.LastId);
            NextDue = store.NextDue(takenOverTo);
            return note;
        }

        Clear();
        return null;
    }

    /// <summary>All states of the copy, if memory has room for them: then nothing has to be looked up any more.</summary>
    public IEnumerable<StoredState> Fitting(StoreNote note)
    {
        long needed = note.Bytes + (note.States * 2 * StateEntry.OverheadBytes);
        if (Budget.Used + needed > Budget.BytesMax)
        {
            return [];
        }

        NextDue = null;
        return store.All();
    }

    public StoredState? Find(byte[] key) => WriteBehind.IsRemoved(key) ? null : store.Find(key);

    /// <summary>It is time to let the copy know what it does not know.</summary>
    public bool WantsWriting(long memoryBytes)
    {
        WriteBehind.Settle();
        return !WriteBehind.IsWriting && IsTime(memoryBytes);
    }

    /// <summary>Hands over to the copy what it does not know.</summary>
    public void Write(StoreNote? note)
    {
        WriteBehind.Wait();
        lastWrite = time.GetTimestamp();
        WriteBehind.Begin(note);
    }

    /// <summary>Writes all that the copy does not know, and waits for it.</summary>
    public void Save(StoreNote? note)
    {
        WriteBehind.Wait();
        WriteBehind.Begin(note);
        WriteBehind.Wait();
    }

    /// <summary>Memory need not keep an entry.</summary>
    public bool CanLeave(StateEntry entry) => WriteBehind.IsKept(entry) && !(entry.Image.WakeAt?.UtcTicks <= takenOverTo.Ticks);

    /// <summary>Memory has not kept an entry.</summary>
    public void Left(StateEntry entry)
    {
        if (entry.Image.WakeAt is { } due && !(NextDue <= due))
        {
            NextDue = due;
        }
    }

    /// <summary>The next of those whose time has come; they have to be brought into memory, unless it has something newer.</summary>
    public IReadOnlyList<StoredState> TakeDue(DateTimeOffset now)
    {
        IReadOnlyList<StoredState> due = store.Due(takenOverTo, now, DueAtOnce);
        if (due.Count > 0)
        {
            takenOverTo = new DuePlace(due[^1].Image.WakeAt!.Value.UtcTicks, due[^1].Id);
        }

        NextDue = store.NextDue(takenOverTo);
        return due;
    }

    /// <summary>Nothing is known any more.</summary>
    public void Clear()
    {
        WriteBehind.Clear();
        Recency.Clear();
        takenOverTo = DuePlace.Beginning;
        NextDue = null;
        store.Clear();
    }

    public void Dispose()
    {
        Budget.Leave(0);
        store.Dispose();
    }

    private static TimeSpan Age(StoreNote note, DateTimeOffset now) => now >= note.AsOf ? now - note.AsOf : note.AsOf - now;

    private bool IsTime(long memoryBytes)
    {
        TimeSpan since = time.GetElapsedTime(lastWrite);
        return WriteBehind.HasChanges
            ? since >= WriteInterval || WriteBehind.DirtyBytes >= WriteBytes || Budget.Excess(memoryBytes) > Budget.Share / 16
            : since >= IdleWriteInterval;
    }
}
