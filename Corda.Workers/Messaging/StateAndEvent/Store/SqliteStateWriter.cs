using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>Writes the file of a local copy. One thread at a time. After an exception nothing of that writing is in the file.</summary>
internal sealed class SqliteStateWriter : IDisposable
{
    private const int CacheKibibytes = 1_024;

    private readonly SqliteConnection connection;
    private readonly SqliteCommand put;
    private readonly SqliteCommand remove;
    private readonly SqliteCommand note;
    private readonly SqliteCommand forgetNote;

    public SqliteStateWriter(string file)
    {
        connection = SqliteStateFile.Open(file, CacheKibibytes);
        put = Prepare(
            """
            INSERT INTO state (id, hash, due, checksum, key, record) VALUES ($id, $hash, $due, $checksum, $key, $record)
            ON CONFLICT (id) DO UPDATE SET due = excluded.due, checksum = excluded.checksum, record = excluded.record
            """,
            ("$id", SqliteType.Integer), ("$hash", SqliteType.Integer), ("$due", SqliteType.Integer), ("$checksum", SqliteType.Integer),
            ("$key", SqliteType.Blob), ("$record", SqliteType.Blob));
        remove = Prepare("DELETE FROM state WHERE id = $id", ("$id", SqliteType.Integer));
        note = Prepare("INSERT OR REPLACE INTO note (one, checksum, bytes) VALUES (1, $checksum, $bytes)", ("$checksum", SqliteType.Integer), ("$bytes", SqliteType.Blob));
        forgetNote = Prepare("DELETE FROM note");
    }

    /// <summary>By what a key is found; the key itself is compared then.</summary>
    public static long HashOf(byte[] key) => Crc32C.Of(key.Length, key);

    public void Write(StoreChanges changes)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        foreach (SqliteCommand command in new[] { put, remove, note, forgetNote })
        {
            command.Transaction = transaction;
        }

        foreach ((long id, byte[] key, StateImage image) in changes.Puts)
        {
            Execute(put, id, HashOf(key), (object?)image.WakeAt?.UtcTicks ?? DBNull.Value, (long)Crc32C.Of(id, key, image.Bytes), key, image.Bytes);
        }

        foreach (long id in changes.Removes)
        {
            Execute(remove, id);
        }

        if (changes.Note?.Encode() is { } noted)
        {
            Execute(note, (long)Crc32C.Of(0, noted), noted);
        }
        else
        {
            Execute(forgetNote);
        }

        transaction.Commit();
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in new[] { put, remove, note, forgetNote })
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private static void Execute(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string statement, params ReadOnlySpan<(string Name, SqliteType Type)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Only texts of this class come here.
        command.CommandText = statement;
#pragma warning restore CA2100
        foreach ((string name, SqliteType type) in parameters)
        {
            command.Parameters.Add(name, type);
        }

        command.Prepare();
        return command;
    }
}
