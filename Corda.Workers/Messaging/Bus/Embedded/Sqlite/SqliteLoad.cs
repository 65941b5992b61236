using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>Reads what a bus needs to know when it opens; its cost depends on the number of partitions and on what is not compacted yet, not on the size of the file.</summary>
internal static class SqliteLoad
{
    public static StoredLog Load(SqliteWriter db) => new(
        (string)db.Scalar("SELECT log FROM commits")!,
        (long)db.Scalar("SELECT sequence FROM commits")!,
        Topics(db.Connection),
        Partitions(db.Connection),
        Offsets(db.Connection));

    private static List<StoredTopic> Topics(SqliteConnection connection) => Query(
        connection,
        "SELECT name, cleanup, partitions, first_partition FROM topic",
        row => new StoredTopic(row.GetString(0), (Cleanup)row.GetInt32(1), row.GetInt32(2), row.GetInt32(3)));

    private static List<PartitionState> Partitions(SqliteConnection connection) => Query(
        connection,
        $"""
        SELECT p.id, p.clean_to, p.clean_bytes, p.oldest_tombstone,
            max(p.floor, coalesce((SELECT max(l.id) - (p.id << {SqliteSchema.OffsetBits}) + 1 FROM log l
                WHERE l.id >= (p.id << {SqliteSchema.OffsetBits}) AND l.id < ((p.id + 1) << {SqliteSchema.OffsetBits})), 0)),
            CASE (SELECT t.cleanup FROM topic t WHERE p.id >= t.first_partition AND p.id < t.first_partition + t.partitions) WHEN {(int)Cleanup.Compact} THEN
                coalesce((SELECT sum(length(l.records)) FROM log l
                    WHERE l.id >= (p.id << {SqliteSchema.OffsetBits}) + p.clean_to AND l.id < ((p.id + 1) << {SqliteSchema.OffsetBits})), 0)
            ELSE 0 END
        FROM partition p
        """,
        row =>
        {
            DateTimeOffset? oldestTombstone = row.IsDBNull(3) ? null : new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero);
            return new PartitionState(row.GetInt32(0), row.GetInt64(4), new CleanMark(row.GetInt64(1), row.GetInt64(2), oldestTombstone), row.GetInt64(5));
        });

    private static List<GroupOffset> Offsets(SqliteConnection connection) => Query(
        connection,
        "SELECT consumers, topic, partition, next, taken FROM committed",
        row => new GroupOffset(
            row.GetString(0), new TopicPartition(row.GetString(1), row.GetInt32(2)), row.GetInt64(3), new DateTimeOffset(row.GetInt64(4), TimeSpan.Zero)));

#pragma warning disable CA2100 // Queries are constants of this class.
    private static List<T> Query<T>(SqliteConnection connection, string query, Func<SqliteDataReader, T> read)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = query;
        using SqliteDataReader rows = command.ExecuteReader();
        List<T> result = [];
        while (rows.Read())
        {
            result.Add(read(rows));
        }

        return result;
    }
#pragma warning restore CA2100
}
