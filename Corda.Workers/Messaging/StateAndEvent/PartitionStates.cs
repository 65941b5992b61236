using Corda.Workers.Diagnostics;
using Corda.Workers.Messaging.Bus;

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
internal sealed class PartitionStates<TState>(TopicPartition eventPartition, int decodedMax, Action<byte[], string> onRefused)
    where TState : class
{
    /// <summary>The reserved key of the crash marker; no event may have it.</summary>
    public static readonly byte[] MarkerKey = [0, .. "corda.crash.marker"u8];

    private readonly Dictionary<byte[], StateEntry> entries = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], string> damages = new(KeyComparer.Instance);
    private readonly DecodedStates<TState> decoded = new(decodedMax);

    public TopicPartition EventPartition { get; } = eventPartition;

    /// <summary>Of the present ownership: rises with every assignment in this process.</summary>
    public long Epoch { get; private set; }

    public DueTimes DueTimes { get; } = new();

    /// <summary>The crash marker that is in the log; null for none.</summary>
    public CrashMarker? Marker { get; set; }

    /// <summary>The offset of the event partition that is committed: what is below has been processed.</summary>
    public long CommittedPosition { get; set; }

    /// <summary>Set while inputs are taken one by one: how many more.</summary>
    public int CautiousInputs { get; set; }

    /// <summary>Events this lane wrote to the log for keys of this partition and has not read back yet.</summary>
    public SpilledEvents Spilled { get; private set; } = new();

    /// <summary>Keys that have a state or wait, refused ones not counted.</summary>
    public int Count => entries.Count;

    /// <summary>The bytes of all states.</summary>
    public long Bytes { get; private set; }

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
            Remove(key);
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
        CautiousInputs = 0;
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
        DueTimes.Clear();
        Bytes = 0;
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
    public void Apply(byte[] key, StateRecord? record, byte[]? bytes, TState? value)
    {
        if (record is null)
        {
            Remove(key);
            return;
        }

        long committed = entries.GetValueOrDefault(key)?.Record.Version ?? 0;
        Invariant.Require(
            record.Version == committed + 1, $"State version {record.Version} follows {committed}", $"{EventPartition}, key {KeyComparer.Text(key)}");
        Put(key, new StateEntry(bytes!.Length, record));
        decoded.Replace(key, value);
    }

    /// <summary>Where a key stands. The decoded object is taken out: one step may use it, then it is put back by <see cref="Apply"/> or decoded anew.</summary>
    public KeyState<TState> Take(byte[] key, bool fresh)
    {
        if (damages.TryGetValue(key, out string? damage))
        {
            return KeyState<TState>.None with { Damage = damage };
        }

        if (!entries.TryGetValue(key, out StateEntry? entry))
        {
            return KeyState<TState>.None;
        }

        StateRecord record = entry.Record;
        TState? value = decoded.Take(key);
        StateValue<TState>? state = record.Payload is { } payload ? new StateValue<TState>(fresh ? null : value, payload) : null;
        return new KeyState<TState>(record.Version, state, record.DueAt, record.Parked, null, record.LastOffset, null);
    }

    /// <summary>What is committed for a key; null for nothing sound.</summary>
    public StateRecord? Committed(byte[] key) => entries.GetValueOrDefault(key)?.Record;

    private void Check(byte[] key, byte[] value)
    {
        StateRecord? former = entries.GetValueOrDefault(key)?.Record;
        try
        {
            StateRecord record = StateRecordCodec.Decode(value);
            if (former is null || record.Version > former.Version)
            {
                Put(key, new StateEntry(value.Length, record));
                return;
            }

            Doubtful = true;
            Refuse(key, $"version {record.Version} (by {record.InputId}) follows version {former.Version} (by {former.InputId})");
        }
        catch (MalformedRecordException cause)
        {
            Refuse(key, cause.Message);
        }
    }

    private void Refuse(byte[] key, string reason)
    {
        Remove(key);
        damages[key] = reason;
    }

    private void Put(byte[] key, StateEntry entry)
    {
        Bytes += entry.Size - (entries.GetValueOrDefault(key)?.Size ?? 0);
        entries[key] = entry;
        DueTimes.Set(key, entry.Record.WakeAt);
    }

    private void Remove(byte[] key)
    {
        decoded.Take(key);
        DueTimes.Set(key, null);
        if (entries.Remove(key, out StateEntry? entry))
        {
            Bytes -= entry.Size;
        }
    }

    /// <summary>A key's committed record.</summary>
    /// <param name="Size">Its bytes in the log.</param>
    /// <param name="Record">The record.</param>
    private sealed record StateEntry(int Size, StateRecord Record);
}
