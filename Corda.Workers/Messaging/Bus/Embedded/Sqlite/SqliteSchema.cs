using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>The tables of the bus file.</summary>
internal static class SqliteSchema
{
    /// <summary>How many bits of a row's id are the offset; the others are the partition's id.</summary>
    public const int OffsetBits = 40;

    private const long Version = 3;

    /// <summary>
    /// <c>log</c>: some consecutive records of a partition a row, about 64 KiB at most. Its id is (partition id, offset of the last record), so that "everything from an
    /// offset on" is one seek and a walk, also after compaction has left gaps. <c>taken</c> is the time of the newest record.
    /// <c>commits.log</c> names this very file and its copies. <c>partition.floor</c>: the next offset is never below it, whatever was deleted.
    /// </summary>
    private const string Tables = """
        CREATE TABLE commits (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, barrier INTEGER NOT NULL, log TEXT NOT NULL);
        INSERT INTO commits VALUES (1, 0, 0, lower(hex(randomblob(8))));
        CREATE TABLE topic (name TEXT PRIMARY KEY, cleanup INTEGER NOT NULL, partitions INTEGER NOT NULL, first_partition INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE partition (
            id INTEGER PRIMARY KEY, floor INTEGER NOT NULL, clean_to INTEGER NOT NULL, clean_bytes INTEGER NOT NULL, oldest_tombstone INTEGER);
        CREATE TABLE log (id INTEGER PRIMARY KEY, taken INTEGER NOT NULL, records BLOB NOT NULL);
        CREATE TABLE committed (
            consumers TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, taken INTEGER NOT NULL,
            PRIMARY KEY (consumers, topic, partition)) WITHOUT ROWID;
        PRAGMA user_version = 3;
        """;

    /// <summary>The smallest id a row can have that holds a record at or after an offset.</summary>
    public static long RowId(int partitionId, long offset) => ((long)partitionId << OffsetBits) | offset;

    /// <summary>The largest id of a partition.</summary>
    public static long LastRowId(int partitionId) => RowId(partitionId + 1, 0) - 1;

    /// <summary>Creates the tables in a new file and checks an old one.</summary>
    /// <exception cref="MessagingFatalException">The file was made by another version.</exception>
    public static void Ensure(SqliteConnection connection, string file)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        long version = (long)command.ExecuteScalar()!;
        if (version == 0)
        {
            command.CommandText = Tables;
            command.ExecuteNonQuery();
        }
        else if (version != Version)
        {
            throw new MessagingFatalException(
                $"the bus file '{file}' has format {version}, this program knows format {Version}; use the program version that made it, or an empty data folder");
        }

        transaction.Commit();
    }
}
