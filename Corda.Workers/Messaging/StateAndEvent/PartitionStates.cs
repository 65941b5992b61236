using Corda.Workers.Diagnostics;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The states of one partition: bytes of every key, decoded objects of some, due times, and what the last owner left behind. Used by the
/// <see cref="StateFollower{TState}"/> first, then by the lane that owns the partition, then perhaps by the follower again; what belongs to an ownership ends with it.
/// </summary>
/// <remarks>
/// What proves that a key is damaged: bytes that are no record, or two records one after the other, without a tombstone between them, of which the
/// second's version is not higher: a repetition, a tear, or an owner that did not know what was there. But where the log is compacted while it is
/// read, a state that was deleted and made anew looks just so: the reader has seen the old record (version 5), then both it and its tombstone were
/// removed, then it sees the new one (version 1). A pass removes a record before its tombstone, so a reading from the beginning that starts now does
/// not find the old one any more. Therefore the first reading only doubts (<see cref="Doubtful"/>), and the second is believed: to be wrong, passes
/// would have to overtake both at the same key. A version that begins anew at 1 with nothing before it is sound.
/// </remarks>
/// <param name="eventPartition">The partition of the event topic.</param>
/// <param name="decodedMax">At most so many decoded objects are kept.</param>
/// <param name="onRefused">Told of a key that is refused: key, reason.</param>
/// <param name="entries">Where the records are; null for memory alone.</param>
internal sealed class PartitionStates<TState>(
    TopicPartition eventPartition, int decodedMax, Action<byte[], string> onRefused, StateEntries? entries = null) : IDisposable
    where TState : class
{
    /// <summary>The reserved key of the crash marker; no event may have it.</summary>
    public static readonly byte[] MarkerKey = [0, .. "corda.crash.marker"u8];

    private readonly StateEntries entries = entries ?? new StateEntries();
    private readonly Dictionary<byte[], string> damages = new(KeyComparer.Instance);
    private readonly DecodedStates<TState> decoded = new(decodedMax);
    private string? topicIdentity;

    public TopicPartition EventPartition { get; } = eventPartition;

    /// <summary>Of the present ownership: rises with every assignment in this process.</summary>
    public long Epoch { get; private set; }

    /// <summary>Due times of what is in memory.</summary>
    public DueTimes DueTimes => entries.DueTimes;

    /// <summary>The crash marker that is in the log; null for none.</summary>
    public CrashMarker? Marker { get; set; }

    /// <summary>The offset of the event partition that is committed: what is below has been processed.</summary>
    public long CommittedPosition { get; set; }

    /// <summary>What was found when the partition was taken over; null once it is worked off and the marker says so.</summary>
    public Suspicion? Suspicion { get; set; }

    /// <summary>Events this lane wrote to the log for keys of this partition and has not read back yet.</summary>
    public SpilledEvents Spilled { get; private set; } = new();

    /// <summary>There is a local copy, which wants to be opened and tended.</summary>
    public bool HasCopy => entries.HasCopy;

    /// <summary>Keys that have a state or wait, refused ones not counted.</summary>
    public int Count => checked((int)entries.Count);

    /// <summary>The bytes of all states in the log.</summary>
    public long Bytes => entries.Bytes;

    /// <summary>Those of <see cref="Count"/> that are in memory.</summary>
    public int InMemory => entries.InMemory;

    /// <summary>Objects that are kept beside the bytes.</summary>
    public int DecodedCount => decoded.Count;

    /// <summary>A version did not rise while the partition was read; compaction may be the reason.</summary>
    public bool Doubtful { get; private set; }

    /// <summary>Takes a record while the partition is read from its beginning. Versions rise, with gaps where the log was compacted.</summary>
    public void Restore(byte[] key, byte[]? value)
    {
        if (KeyComparer.Instance.Equals(key, MarkerKey))
        {
            Marker = value is null ? null : CrashMarker.Decode(value);
        }
        else if (value is null)
        {
            damages.Remove(key);
            Forget(key);
        }
        else if (!damages.ContainsKey(key))
        {
            Check(key, value);
        }
    }

    /// <summary>They belong to a lane from now on.</summary>
    public void BeginOwnership(long epoch) => Epoch = epoch;

    /// <summary>They belong to no lane any more; whatever others commit from now on is taken by <see cref="Restore"/>.</summary>
    public void EndOwnership()
    {
        Epoch = 0;
        CommittedPosition = 0;
        Suspicion = null;
        Spilled = new SpilledEvents();
        decoded.Clear();
    }

    /// <summary>What was doubted has been read twice: it is believed.</summary>
    public void Believe() => Doubtful = false;

    /// <summary>The partition is going to be read from its beginning once more.</summary>
    public void StartOver()
    {
        entries.Clear();
        damages.Clear();
        decoded.Clear();
        Marker = null;
        Doubtful = false;
    }

    /// <summary>The partition has been read to its end: what it refuses is told.</summary>
    public void Restored()
    {
        foreach ((byte[] key, string reason) in damages)
        {
            onRefused(key, reason);
        }
    }

    /// <summary>Takes what was committed: the next version exactly, or nothing any more.</summary>
    /// <exception cref="InvariantException">It does not follow what is here; nothing is changed.</exception>
    public void Apply(byte[] key, StateImage? after, TState? value)
    {
        if (after is not { } image)
        {
            Forget(key);
            return;
        }

        StateEntry? former = entries.Find(key);
        long committed = former?.Image.Version ?? 0;
        Invariant.Require(
            image.Version == committed + 1, $"State version {image.Version} follows {committed}", $"{EventPartition}, key {KeyComparer.Text(key)}");
        decoded.Forget(former);
        decoded.Keep(entries.Put(former, key, image), value);
    }

    /// <summary>Where a key stands. The decoded object is taken out: one step may use it, then it is put back by <see cref="Apply"/> or decoded anew.</summary>
    public KeyState<TState> Take(byte[] key, bool fresh)
    {
        if (damages.TryGetValue(key, out string? damage))
        {
            return KeyState<TState>.None with { Damage = damage };
        }

        if (entries.Find(key) is not { } entry)
        {
            return KeyState<TState>.None;
        }

        StateRecord record = entry.Image.Record;
        TState? value = decoded.Take(entry);
        StateValue<TState>? state = record.Payload is { } payload ? new StateValue<TState>(fresh ? null : value, payload) : null;
        return new KeyState<TState>(record.Version, state, record.DueAt, record.Parked, null, record.LastOffset, null);
    }

    /// <summary>What is committed for a key; null for nothing sound.</summary>
    public StateRecord? Committed(byte[] key) => entries.Find(key)?.Image.Record;

    /// <summary>When the first key wants attention, at the earliest; null for never.</summary>
    public DateTimeOffset? NextDue() => entries.NextDue();

    /// <summary>
    /// <see cref="DueTimes"/> gets to know what has come by now and is not in memory, as far as it comes before what is. So it says then what has come first.
    /// </summary>
    public void BringInDue(DateTimeOffset now) => entries.BringInDue(now);

    /// <summary>Begins with what the local copy has, if there is one that can be believed.</summary>
    /// <returns>How far it goes: the state partition has to be read from there on. Null for nothing.</returns>
    public StorePoint? Open(StateTopic topic, DateTimeOffset now)
    {
        topicIdentity = topic.Identity;
        if (!entries.TryOpen(topic, now, out StoreNote? note))
        {
            return null;
        }

        Marker = note.Marker is null ? null : CrashMarker.Decode(note.Marker);
        return new StorePoint(note.CompleteTo, note.AsOf);
    }

    /// <summary>It is time to let the local copy know what it does not know yet.</summary>
    public bool WantsWriting() => entries.WantsWriting();

    /// <summary>Hands over to the local copy what it does not know yet; does not wait for it.</summary>
    /// <param name="point">How far the states are those of the log just now.</param>
    public void Write(StorePoint point) => entries.Write(NoteOf(point));

    /// <summary>Memory forgets what it has no room for, as far as the local copy has it. To be called often, between commits.</summary>
    public void Trim() => entries.Trim();

    /// <summary>Writes all that the local copy does not know, and waits for it.</summary>
    public void Save(StorePoint point) => entries.Save(NoteOf(point));

    /// <summary>Nobody uses them any more: their memory is given back. The local copy keeps what it knows.</summary>
    public void Dispose() => entries.Dispose();

    // Where keys are refused the next process has to find that out as well: from the topic.
    private StoreNote? NoteOf(StorePoint point) => topicIdentity is null || damages.Count > 0
        ? null
        : new StoreNote(topicIdentity, point.CompleteTo, point.AsOf, Count, Bytes, 0, Marker?.Encode());

    private void Check(byte[] key, byte[] value)
    {
        StateEntry? former = entries.Find(key);
        try
        {
            StateImage image = StateImage.Of(value);
            if (former is null || image.Version > former.Image.Version)
            {
                entries.Put(former, key, image);
                return;
            }

            Doubtful = true;
            Refuse(key, $"version {image.Version} (by {image.Record.InputId}) follows version {former.Image.Version} (by {former.Image.Record.InputId})");
        }
        catch (MalformedRecordException cause)
        {
            Refuse(key, cause.Message);
        }
    }

    private void Refuse(byte[] key, string reason)
    {
        Forget(key);
        damages[key] = reason;
    }

    private void Forget(byte[] key)
    {
        if (entries.Find(key) is { } entry)
        {
            decoded.Forget(entry);
            entries.Remove(entry);
        }
    }
}
