using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// The file of a local copy. Write-ahead log and <c>synchronous=NORMAL</c>: after the death of the process, or of the machine, it is as it was after one of the last
/// writings. States are appended, so that taking many of them writes whole pages; they are found by a checksum of their key, which makes a small index.
/// </summary>
internal static class SqliteStateFile
{
    private const long Version = 1;

    // SQLite's own default, written out: some three states of 1 kB a page.
    private const int PageBytes = 4096;

    private const string Tables = """
        CREATE TABLE state (
            id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, due INTEGER, checksum INTEGER NOT NULL, key BLOB NOT NULL, record BLOB NOT NULL);
        CREATE INDEX state_by_hash ON state (hash);
        CREATE INDEX state_by_due ON state (due) WHERE due IS NOT NULL;
        CREATE TABLE note (one INTEGER PRIMARY KEY CHECK (one = 1), checksum INTEGER NOT NULL, bytes BLOB NOT NULL);
        PRAGMA user_version = 1;
        """;

    /// <summary>Opens the file, making it where it is missing.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    /// <exception cref="InvalidDataException">It is not a file of this version.</exception>
    public static SqliteConnection Open(string file, int cacheKibibytes)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            connection.Open();
            Execute(connection, $"PRAGMA page_size = {PageBytes}");
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = NORMAL");

            // Many of these files are open at a time: the operating system remembers their pages, not this process.
            Execute(connection, $"PRAGMA cache_size = -{cacheKibibytes}");

            // No mmap: an I/O error would kill the process with a signal instead of failing the one read.
            Execute(connection, "PRAGMA mmap_size = 0");
            Ensure(connection, file);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Reads all of the file once: whether its trees and indexes are what they should be. Some seconds for a gigabyte.</summary>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public static void Check(SqliteConnection connection)
    {
        if (Scalar(connection, "PRAGMA integrity_check(1)") is not "ok" and var problem)
        {
            throw new InvalidDataException($"{problem}");
        }
    }

    /// <summary>Runs a query for one value.</summary>
    public static object? Scalar(SqliteConnection connection, string query)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Only texts of this program come here.
        command.CommandText = query;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    /// <summary>Deletes the file and what belongs to it.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    public static void Delete(string file)
    {
        // The file first: what is left if the process dies in between is a log without its file, which counts for nothing.
        foreach (string part in new[] { file, file + "-wal", file + "-shm" })
        {
            File.Delete(part);
        }
    }

    private static void Ensure(SqliteConnection connection, string file)
    {
        long version = (long)Scalar(connection, "PRAGMA user_version")!;
        if (version == 0)
        {
            Execute(connection, $"BEGIN IMMEDIATE; {Tables} COMMIT");
        }
        else if (version != Version)
        {
            throw new InvalidDataException($"'{file}' has format {version} where {Version} is known");
        }
    }

    private static void Execute(SqliteConnection connection, string statement) => Scalar(connection, statement);
}
