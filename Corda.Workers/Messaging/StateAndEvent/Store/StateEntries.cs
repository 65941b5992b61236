using System.Diagnostics.CodeAnalysis;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// The committed records of a partition by key, and when which of them wants attention. All in memory; or, with a local copy, those in memory that were used last, the
/// others in the copy. Used by one thread at a time.
/// </summary>
/// <param name="spill">The local copy and what belongs to it; null to keep all in memory.</param>
internal sealed class StateEntries(Spill? spill = null) : IDisposable
{
    private readonly Dictionary<byte[], StateEntry> inMemory = new(KeyComparer.Instance);
    private long memoryBytes;

    /// <summary>Keys that have a state or wait.</summary>
    public long Count { get; private set; }

    /// <summary>The bytes of all records in the log.</summary>
    public long Bytes { get; private set; }

    /// <summary>Those of <see cref="Count"/> that are in memory.</summary>
    public int InMemory => inMemory.Count;

    public DueTimes DueTimes { get; } = new();

    /// <summary>There is a copy on the disk, which wants to be tended.</summary>
    public bool HasCopy => spill is not null;

    /// <summary>The entry of a key, which may have to be brought into memory; null for none.</summary>
    /// <exception cref="MessagingIndefiniteException">The local copy is damaged, and discarded.</exception>
    /// <exception cref="MessagingFencedException">The partition has a later owner in this process.</exception>
    public StateEntry? Find(byte[] key)
    {
        if (inMemory.TryGetValue(key, out StateEntry? entry))
        {
            spill?.Recency.Touch(entry);
            return entry;
        }

        return Count > inMemory.Count && spill!.Find(key) is { } stored ? BringIn(stored) : null;
    }

    /// <summary>A key has a new record.</summary>
    /// <param name="found">What <see cref="Find"/> says of it.</param>
    /// <param name="key">The key.</param>
    /// <param name="image">The record.</param>
    /// <returns>Its entry.</returns>
    public StateEntry Put(StateEntry? found, byte[] key, StateImage image)
    {
        if (found is null)
        {
            found = new StateEntry(key, image);
            Count++;
            Bytes += found.Size;
            Keep(found);
        }
        else
        {
            long growth = image.Bytes.Length - found.Size;
            Bytes += growth;
            AddMemory(growth);
            found.Image = image;
        }

        spill?.WriteBehind.Changed(found);
        DueTimes.Set(key, image.WakeAt);
        return found;
    }

    /// <summary>A key has no record any more.</summary>
    /// <param name="entry">What <see cref="Find"/> says of it.</param>
    public void Remove(StateEntry entry)
    {
        Count--;
        Bytes -= entry.Size;
        LetGo(entry);
        spill?.WriteBehind.Removed(entry);
    }

    /// <summary>Nothing is known any more, here and in the copy.</summary>
    public void Clear()
    {
        inMemory.Clear();
        DueTimes.Clear();
        AddMemory(-memoryBytes);
        Count = 0;
        Bytes = 0;
        spill?.Clear();
    }

    /// <summary>Begins with what the local copy has, if it can be believed.</summary>
    /// <param name="topic">What the copy should be of.</param>
    /// <param name="now">The time.</param>
    /// <param name="note">What the copy is; reading goes on there.</param>
    /// <returns>False if there is nothing to begin with: all has to be read.</returns>
    public bool TryOpen(StateTopic topic, DateTimeOffset now, [NotNullWhen(true)] out StoreNote? note)
    {
        note = spill?.Open(topic, now);
        if (note is null)
        {
            return false;
        }

        (Count, Bytes) = (note.States, note.Bytes);
        foreach (StoredState stored in spill!.Fitting(note))
        {
            BringIn(stored);
        }

        return true;
    }

    /// <summary>It is time to let the copy know what it does not know yet.</summary>
    public bool WantsWriting() => spill is not null && spill.WantsWriting(memoryBytes);

    /// <summary>Hands over to the copy what it does not know yet; does not wait for it.</summary>
    /// <param name="note">What the states are just now; null where the copy will not be usable by another process.</param>
    public void Write(StoreNote? note) => spill?.Write(note);

    /// <summary>Memory forgets what it has no room for, as far as the copy has it. To be called often, between commits.</summary>
    public void Trim()
    {
        if (spill is null)
        {
            return;
        }

        Evict();
        if (spill.MustWait)
        {
            spill.WriteBehind.Wait();
            Evict();
        }
    }

    /// <summary>Writes all that the copy does not know, and waits for it.</summary>
    public void Save(StoreNote? note) => spill?.Save(note);

    /// <summary>Due times that have come by now are brought into memory, as far as they come before those that are there.</summary>
    public void BringInDue(DateTimeOffset now)
    {
        while (spill is not null && spill.NextDue <= now && !(DueTimes.Next() <= spill.NextDue))
        {
            foreach (StoredState stored in spill.TakeDue(now))
            {
                // What memory knows better is not of interest.
                if (!inMemory.ContainsKey(stored.Key) && !spill.WriteBehind.IsRemoved(stored.Key))
                {
                    BringIn(stored);
                }
            }
        }
    }

    /// <summary>When the first key wants attention, at the earliest; null for never.</summary>
    public DateTimeOffset? NextDue() => (DueTimes.Next(), spill?.NextDue) switch
    {
        (null, var other) => other,
        (var here, null) => here,
        var (here, other) => here < other ? here : other,
    };

    /// <summary>The memory is given back and the copy closed. It keeps what it has been given.</summary>
    public void Dispose()
    {
        AddMemory(-memoryBytes);
        spill?.Dispose();
    }

    private StateEntry BringIn(StoredState stored)
    {
        var entry = new StateEntry(stored.Key, stored.Image) { Id = stored.Id };
        Keep(entry);
        DueTimes.Set(stored.Key, stored.Image.WakeAt);
        return entry;
    }

    private void Keep(StateEntry entry)
    {
        inMemory.Add(entry.Key, entry);
        AddMemory(entry.MemoryBytes);
        spill?.Recency.Add(entry);
    }

    private void LetGo(StateEntry entry)
    {
        inMemory.Remove(entry.Key);
        DueTimes.Set(entry.Key, null);
        AddMemory(-entry.MemoryBytes);
        spill?.Recency.Remove(entry);
    }

    private void AddMemory(long bytes)
    {
        memoryBytes += bytes;
        spill?.Budget.Add(bytes);
        MessagingMetrics.StatesInMemory.Add(bytes);
    }

    private void Evict()
    {
        for (int passedOver = 0; spill!.Budget.Excess(memoryBytes) > 0 && passedOver < Spill.PassedOverMax && spill.Recency.Coldest is { } coldest;)
        {
            if (spill.CanLeave(coldest))
            {
                LetGo(coldest);
                spill.Left(coldest);
            }
            else
            {
                spill.Recency.Touch(coldest);
                passedOver++;
            }
        }
    }
}
