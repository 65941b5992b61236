namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// What readers see of one partition: its end and a bounded tail of its newest records. Older ones are in the store. Written by the commit writer
/// only, read by any thread; the lock is held for copying references, never for I/O.
/// </summary>
internal sealed class PartitionLog(StoredPartition identity, Cleanup cleanup, long end, long tailBytesMax)
{
    private readonly Lock gate = new();
    private readonly List<ConsumedRecord> tail = [];
    private int tailHead;
    private long tailBytes;
    private long end = end;
    private WakeSignal[] readers = [];
    private DamagedPartitionException? damage;

    /// <summary>Its number in the store and its name.</summary>
    public StoredPartition Identity => identity;

    public Cleanup Cleanup => cleanup;

    /// <summary>The offset after the last visible record.</summary>
    public long End => Volatile.Read(ref end);

    /// <summary>The oldest offset in memory; everything below is read from the store.</summary>
    public long TailStart
    {
        get
        {
            lock (gate)
            {
                return TailStartLocked;
            }
        }
    }

    /// <summary>What is wrong with it in the store; null for nothing that was found yet.</summary>
    public DamagedPartitionException? Damage => Volatile.Read(ref damage);

    private long TailStartLocked => tailHead < tail.Count ? tail[tailHead].Offset : end;

    /// <summary>Makes durable records visible. Their offsets follow on <see cref="End"/> without a gap.</summary>
    public void Append(IReadOnlyList<ConsumedRecord> records)
    {
        lock (gate)
        {
            foreach (ConsumedRecord record in records)
            {
                tail.Add(record);
                tailBytes += record.SizeBytes();
            }

            Volatile.Write(ref end, records[^1].Offset + 1);
            DropOldest();
        }

        WakeReaders();
    }

    /// <summary>Copies visible records from an offset on; false where that offset is no longer in memory.</summary>
    public bool TryRead(long from, int recordsMax, List<ConsumedRecord> into)
    {
        lock (gate)
        {
            long tailStart = TailStartLocked;
            if (from < tailStart)
            {
                return false;
            }

            int first = tailHead + (int)(from - tailStart);
            int count = Math.Min(recordsMax, tail.Count - first);
            for (int i = first; i < first + count; i++)
            {
                into.Add(tail[i]);
            }

            return true;
        }
    }

    /// <summary>Damage was found in the store. True for the first who finds some.</summary>
    public bool MarkDamaged(DamagedPartitionException found) => Interlocked.CompareExchange(ref damage, found, null) is null;

    /// <summary>From now on the signal is set whenever records become visible.</summary>
    public void Subscribe(WakeSignal reader)
    {
        lock (gate)
        {
            readers = [.. readers, reader];
        }
    }

    /// <summary>Ends <see cref="Subscribe"/>.</summary>
    public void Unsubscribe(WakeSignal reader)
    {
        lock (gate)
        {
            readers = readers.Where(r => r != reader).ToArray();
        }
    }

    private void WakeReaders()
    {
        foreach (WakeSignal reader in Volatile.Read(ref readers))
        {
            reader.Set();
        }
    }

    private void DropOldest()
    {
        while (tailBytes > tailBytesMax)
        {
            tailBytes -= tail[tailHead].SizeBytes();
            tail[tailHead++] = null!;
        }

        // The dropped half is cut off only now and then, which costs each record one move on average.
        if (tailHead > 1024 && tailHead > tail.Count / 2)
        {
            tail.RemoveRange(0, tailHead);
            tailHead = 0;
        }
    }
}
