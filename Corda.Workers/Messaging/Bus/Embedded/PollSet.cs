namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>The cursors of one poller. Read in turns, so that a busy partition does not keep the others waiting. One thread.</summary>
/// <param name="standsDamage">
/// Whether a damaged partition just has no further records, as for a member of a group, so that its others go on. Otherwise it is an error: a reader outside of
/// groups is there to see all.
/// </param>
internal sealed class PollSet(bool standsDamage)
{
    private readonly List<LogCursor> cursors = [];
    private int turn;

    public IReadOnlyCollection<TopicPartition> Partitions => [.. cursors.Select(c => c.Log.Identity.Partition)];

    /// <summary>The cursor of a partition.</summary>
    /// <exception cref="ArgumentException">The partition is not among them.</exception>
    public LogCursor this[TopicPartition partition] => cursors.Find(c => c.Log.Identity.Partition == partition)
        ?? throw new ArgumentException($"{partition} is not one of this reader's: {string.Join(", ", Partitions)}", nameof(partition));

    public void Add(LogCursor cursor) => cursors.Add(cursor);

    public void Remove(TopicPartition partition) => cursors.Remove(this[partition]);

    /// <summary>The next records of all that are not paused.</summary>
    /// <exception cref="MessagingFatalException">A partition is damaged, and this poller does not stand it.</exception>
    public IReadOnlyList<ConsumedRecord> Read(int recordsMax)
    {
        List<ConsumedRecord>? records = null;
        turn = cursors.Count > 0 ? (turn + 1) % cursors.Count : 0;
        for (int i = 0; i < cursors.Count && (records?.Count ?? 0) < recordsMax; i++)
        {
            LogCursor cursor = cursors[(turn + i) % cursors.Count];
            if (!cursor.Paused && cursor.Position < cursor.Log.End && !cursor.Damaged)
            {
                records ??= [];
                Read(cursor, recordsMax - records.Count, records);
            }
        }

        return records ?? (IReadOnlyList<ConsumedRecord>)[];
    }

    private void Read(LogCursor cursor, int recordsMax, List<ConsumedRecord> into)
    {
        try
        {
            cursor.Read(recordsMax, into);
        }
        catch (DamagedPartitionException) when (standsDamage)
        {
            cursor.Damaged = true;
        }
        catch (DamagedPartitionException damage)
        {
            throw new MessagingFatalException(damage.Message, damage);
        }
    }
}
