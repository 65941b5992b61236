using Corda.Workers.Diagnostics;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The states of one partition during one ownership of it: bytes of every key, decoded objects of some, due times, and what the last owner left
/// behind. Everything cached lives and dies with this object, so nothing outlives its epoch. Used by the restore first, then by the lane.
/// </summary>
/// <param name="eventPartition">The partition of the event topic.</param>
/// <param name="epoch">Rises with every assignment in this process.</param>
/// <param name="decodedMax">At most so many decoded objects are kept.</param>
/// <param name="onRefused">Told of a record that is refused: key, reason.</param>
internal sealed class PartitionStates<TState>(TopicPartition eventPartition, long epoch, int decodedMax, Action<byte[], string> onRefused)
    where TState : class
{
    /// <summary>The reserved key of the crash marker; no event may have it.</summary>
    public static readonly byte[] MarkerKey = [0, .. "corda.crash.marker"u8];

    private readonly Dictionary<byte[], StateEntry<TState>> entries = new(KeyComparer.Instance);
    private readonly Queue<StateEntry<TState>> decoded = new();
    private DueTimes? dueTimes;
    private bool gone;

    public TopicPartition EventPartition { get; } = eventPartition;

    public long Epoch { get; } = epoch;

    /// <summary>The ownership is over; nobody wants what is still being read. Set by the lane, read by the restore.</summary>
    public bool Gone
    {
        get => Volatile.Read(ref gone);
        set => Volatile.Write(ref gone, value);
    }

    public DueTimes DueTimes => dueTimes ??= new DueTimes(key => entries.TryGetValue(key, out StateEntry<TState>? entry) ? entry.Record?.WakeAt : null);

    /// <summary>The crash marker that is in the log; null for none.</summary>
    public CrashMarker? Marker { get; set; }

    /// <summary>The offset of the event partition that is committed: what is below has been processed.</summary>
    public long CommittedPosition { get; set; }

    /// <summary>Set while inputs are taken one by one: how many more.</summary>
    public int CautiousInputs { get; set; }

    /// <summary>Events this lane wrote to the log for keys of this partition and has not read back yet.</summary>
    public SpilledEvents Spilled { get; } = new();

    public int Count => entries.Count;

    /// <summary>The bytes of all states.</summary>
    public long Bytes { get; private set; }

    public int ParkedCount { get; private set; }

    /// <summary>Takes a record while the partition is read from its beginning. Versions rise, with gaps where the log was compacted.</summary>
    public void Restore(byte[] key, byte[]? value)
    {
        if (KeyComparer.Instance.Equals(key, MarkerKey))
        {
            Marker = value is null ? null : CrashMarker.Decode(value);
            return;
        }

        if (value is null)
        {
            Remove(key);
            return;
        }

        StateEntry<TState>? former = entries.GetValueOrDefault(key);
        Put(key, Checked(key, value, former));
    }

    /// <summary>Takes what was committed: the next version exactly, or nothing any more.</summary>
    /// <exception cref="InvariantException">It does not follow what is here; nothing is changed.</exception>
    public void Apply(byte[] key, StateRecord? record, byte[]? bytes, TState? value)
    {
        StateEntry<TState>? former = entries.GetValueOrDefault(key);
        if (record is null)
        {
            Remove(key);
            return;
        }

        long committed = former?.Record?.Version ?? 0;
        Invariant.Require(
            record.Version == committed + 1, $"State version {record.Version} follows {committed}", $"{EventPartition}, key {KeyComparer.Text(key)}");
        var entry = new StateEntry<TState>(bytes!.Length, record, null);
        Put(key, entry);
        Remember(entry, value);
    }

    /// <summary>Where a key stands. The decoded object is taken out: one step may use it, then it is put back by <see cref="Apply"/> or decoded anew.</summary>
    public KeyState<TState> Take(byte[] key, bool fresh)
    {
        if (!entries.TryGetValue(key, out StateEntry<TState>? entry))
        {
            return KeyState<TState>.None;
        }

        if (entry.Record is not { } record)
        {
            return KeyState<TState>.None with { Damage = entry.Damage };
        }

        TState? value = entry.TakeDecoded();
        StateValue<TState>? state = record.Payload is { } payload ? new StateValue<TState>(fresh ? null : value, payload) : null;
        return new KeyState<TState>(record.Version, state, record.DueAt, record.Parked, null, record.LastOffset, null);
    }

    /// <summary>What is committed for a key; null for nothing sound.</summary>
    public StateRecord? Committed(byte[] key) => entries.GetValueOrDefault(key)?.Record;

    private StateEntry<TState> Checked(byte[] key, byte[] value, StateEntry<TState>? former)
    {
        try
        {
            StateRecord record = StateRecordCodec.Decode(value);
            long before = former?.Record?.Version ?? 0;
            return former?.Damage is null && record.Version > before
                ? new StateEntry<TState>(value.Length, record, null)
                : Refused(key, value, former?.Damage ?? $"version {record.Version} (by {record.InputId}) follows version {before} (by {former?.Record?.InputId})");
        }
        catch (MalformedRecordException cause)
        {
            return Refused(key, value, cause.Message);
        }
    }

    private StateEntry<TState> Refused(byte[] key, byte[] value, string reason)
    {
        onRefused(key, reason);
        return new StateEntry<TState>(value.Length, null, reason);
    }

    private void Put(byte[] key, StateEntry<TState> entry)
    {
        Remove(key);
        entries[key] = entry;
        Bytes += entry.Size;
        ParkedCount += entry.Record?.Parked is null ? 0 : 1;
        if (entry.Record?.WakeAt is { } at)
        {
            DueTimes.Add(key, at);
        }
    }

    private void Remove(byte[] key)
    {
        if (entries.Remove(key, out StateEntry<TState>? entry))
        {
            Bytes -= entry.Size;
            ParkedCount -= entry.Record?.Parked is null ? 0 : 1;
        }
    }

    // Objects are kept for the last so many commits: what has not moved for longest goes first.
    private void Remember(StateEntry<TState> entry, TState? value)
    {
        if (value is null || decodedMax == 0)
        {
            return;
        }

        entry.Keep(value);
        decoded.Enqueue(entry);
        while (decoded.Count > decodedMax)
        {
            decoded.Dequeue().TakeDecoded();
        }
    }
}

/// <summary>A key's committed record and perhaps its decoded object.</summary>
/// <param name="size">Bytes of the record in the log.</param>
/// <param name="record">The record; null if it is damaged.</param>
/// <param name="damage">Why it is refused; null if it is sound.</param>
internal sealed class StateEntry<TState>(int size, StateRecord? record, string? damage)
    where TState : class
{
    private TState? decoded;

    public int Size => size;

    public StateRecord? Record => record;

    public string? Damage => damage;

    public void Keep(TState value) => decoded = value;

    public TState? TakeDecoded()
    {
        TState? value = decoded;
        decoded = null;
        return value;
    }
}
