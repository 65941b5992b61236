namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>The cursors of one poller. Read in turns, so that a busy partition does not keep the others waiting. One thread.</summary>
internal sealed class PollSet
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
    public IReadOnlyList<ConsumedRecord> Read(int recordsMax)
    {
        List<ConsumedRecord>? records = null;
        turn = cursors.Count > 0 ? (turn + 1) % cursors.Count : 0;
        for (int i = 0; i < cursors.Count && (records?.Count ?? 0) < recordsMax; i++)
        {
            LogCursor cursor = cursors[(turn + i) % cursors.Count];
            if (!cursor.Paused && cursor.Position < cursor.Log.End)
            {
                records ??= [];
                cursor.Read(recordsMax - records.Count, records);
            }
        }

        return records ?? (IReadOnlyList<ConsumedRecord>)[];
    }
}
