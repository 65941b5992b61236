namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>A place in one partition from which one thread reads on: out of memory where it is near the end, else out of the store.</summary>
internal sealed class LogCursor(PartitionLog log, BusCore core, long position)
{
    private IReadOnlyList<ConsumedRecord> ahead = [];
    private int aheadIndex;
    private long aheadNext;

    public PartitionLog Log => log;

    /// <summary>The offset that is read next.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Whether the owner wants no records of it for now.</summary>
    public bool Paused { get; set; }

    /// <summary>Whether there is damage at the position, so that nothing more comes.</summary>
    public bool Damaged { get; set; }

    /// <summary>Goes to an offset.</summary>
    public void Seek(long offset)
    {
        Position = offset;
        (ahead, aheadIndex) = ([], 0);
        Damaged = false;
    }

    /// <summary>Adds the next records, at most so many.</summary>
    /// <exception cref="MessagingTransientException">The store cannot be read for now.</exception>
    /// <exception cref="DamagedPartitionException">What comes next in the store is not what was written.</exception>
    public void Read(int recordsMax, List<ConsumedRecord> into)
    {
        int before = into.Count;
        while (into.Count == before && Position < log.End)
        {
            if (aheadIndex < ahead.Count)
            {
                TakeAhead(recordsMax, into);
            }
            else if (log.TryRead(Position, recordsMax, into))
            {
                Position = into.Count > before ? into[^1].Offset + 1 : Position;
            }
            else
            {
                ReadAhead();
            }
        }
    }

    private void TakeAhead(int recordsMax, List<ConsumedRecord> into)
    {
        int count = Math.Min(recordsMax, ahead.Count - aheadIndex);
        for (int i = 0; i < count; i++)
        {
            into.Add(ahead[aheadIndex++]);
        }

        Position = aheadIndex < ahead.Count ? into[^1].Offset + 1 : aheadNext;
    }

    /// <summary>
    /// Fills the read-ahead from the store. The start of the tail bounds it: everything below is in the store and visible. Where nothing is left of
    /// the range (deleted, compacted away) the position just moves on.
    /// </summary>
    private void ReadAhead()
    {
        LogSlice slice = core.Read(log, Position, log.TailStart);
        (ahead, aheadIndex, aheadNext) = (slice.Records, 0, slice.Next);
        if (ahead.Count == 0)
        {
            Position = slice.Next;
        }
    }
}
