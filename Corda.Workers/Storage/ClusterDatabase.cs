using Dapper;
using Microsoft.Data.Sqlite;

namespace Corda.Workers.Storage;

/// <summary>
/// The cluster database: what the platform itself knows, such as its virtual nodes. Only the db role opens it. One SQLite file, or for tests one in
/// memory that lives as long as this object. Thread-safe.
/// </summary>
internal sealed class ClusterDatabase : IDisposable
{
    private static int memoryCount;
    private readonly string connectionString;
    private readonly SqliteConnection? keepsMemoryAlive;

    private ClusterDatabase(string connectionString, bool inMemory)
    {
        this.connectionString = connectionString;
        if (inMemory) keepsMemoryAlive = Open();
    }

    /// <summary>The database in a file, which comes into being with the first <see cref="Migrate"/>.</summary>
    public static ClusterDatabase InFile(string path) => new(
        new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 10, Pooling = true }.ToString(), inMemory: false);

    /// <summary>A database in memory, not shared with any other.</summary>
    public static ClusterDatabase InMemory() => new(
        new SqliteConnectionStringBuilder
        {
            DataSource = $"cluster-{Interlocked.Increment(ref memoryCount)}",
            Mode = SqliteOpenMode.Memory,
            Cache = SqliteCacheMode.Shared,
        }.ToString(),
        inMemory: true);

    /// <summary>Brings the schema up to date. Idempotent.</summary>
    /// <exception cref="StorageException">The file was written by a newer release.</exception>
    /// <exception cref="SqliteException">The file cannot be written now, or is no database.</exception>
    public void Migrate(DateTimeOffset now)
    {
        using SqliteConnection connection = Open();
        SchemaMigrator.Migrate(connection, "cluster", now);
    }

    /// <summary>Throws where the database cannot be read.</summary>
    public void Probe()
    {
        using SqliteConnection connection = Open();
        connection.ExecuteScalar<long>("SELECT count(*) FROM schema_step");
    }

    /// <summary>An open connection.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            // WAL: readers and the writer do not wait for one another. FULL: what was committed survives a power cut.
            connection.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Closes the pooled connections, so that the file can be moved or deleted.</summary>
    public void Dispose()
    {
        keepsMemoryAlive?.Dispose();
        using var pool = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pool);
    }
}
