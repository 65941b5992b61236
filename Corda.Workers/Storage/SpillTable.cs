using Microsoft.Data.Sqlite;

namespace Corda.Workers.Storage;

/// <summary>
/// What need not stay in memory, by key, in a SQLite file. No more durable than memory: the file is made anew by each process, and nothing waits for the disk.
/// Thread-safe; a read takes microseconds where the operating system still has the page.
/// </summary>
internal sealed class SpillTable : IDisposable
{
    private readonly Lock gate = new();
    private readonly SqliteConnection connection;

    /// <summary>Makes the file; one that is there is from a former process, and goes.</summary>
    /// <exception cref="SqliteException">The file cannot be written.</exception>
    public SpillTable(string path)
    {
        File.Delete(path);
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Execute("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; CREATE TABLE spill (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    }

    /// <summary>Keeps a value in place of the former one.</summary>
    /// <exception cref="StorageException">The disk is full, or gone. The table is as before.</exception>
    public void Put(byte[] key, byte[] value)
    {
        try
        {
            Execute("INSERT OR REPLACE INTO spill (key, value) VALUES ($key, $value)", ("$key", key), ("$value", value));
        }
        catch (SqliteException cause)
        {
            throw new StorageException($"'{connection.DataSource}' cannot be written: {cause.Message}", cause);
        }
    }

    /// <summary>The value of a key, or null.</summary>
    public byte[]? Find(byte[] key)
    {
        lock (gate)
        {
            using SqliteCommand command = Command("SELECT value FROM spill WHERE key = $key", ("$key", key));
            return (byte[]?)command.ExecuteScalar();
        }
    }

    /// <summary>Forgets a key.</summary>
    public void Remove(byte[] key) => Execute("DELETE FROM spill WHERE key = $key", ("$key", key));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate) connection.Dispose();
    }

    private void Execute(string sql, params ReadOnlySpan<(string Name, byte[] Value)> parameters)
    {
        lock (gate)
        {
            using SqliteCommand command = Command(sql, parameters);
            command.ExecuteNonQuery();
        }
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, byte[] Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, byte[] value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
