using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Corda.Benchmarks;

/// <summary>
/// The limit that the embedded bus is held against: a bare loop over SQLite (WAL, synchronous=FULL) that inserts rows of the same bytes and commits
/// as many units of work together as there are clients waiting.
/// </summary>
internal static class RawGroupCommit
{
    /// <summary>Units of work a second.</summary>
    /// <param name="folder">On the disk that is measured.</param>
    /// <param name="rowsPerUnit">Rows a unit of work inserts.</param>
    /// <param name="bytesPerRow">Bytes of a row.</param>
    /// <param name="unitsPerCommit">Units of work that share a commit.</param>
    /// <param name="commitsPerUnit">Commits that one unit of work needs one after the other (a request, then its outcome).</param>
    /// <param name="duration">How long to measure.</param>
    public static double UnitsPerSecond(
        string folder, double rowsPerUnit, int bytesPerRow, int unitsPerCommit, double commitsPerUnit, TimeSpan duration)
    {
        string file = Path.Combine(folder, $"raw-{unitsPerCommit}-{bytesPerRow}.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE log(id INTEGER PRIMARY KEY, value BLOB NOT NULL)");
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO log(value) VALUES ($value)";
        SqliteParameter value = insert.Parameters.Add("$value", SqliteType.Blob);
        value.Value = new byte[bytesPerRow];
        insert.Prepare();

        long begin = Stopwatch.GetTimestamp();
        double units = 0, rowsOwed = 0;
        while (Stopwatch.GetElapsedTime(begin) < duration)
        {
            using SqliteTransaction transaction = connection.BeginTransaction();
            insert.Transaction = transaction;
            rowsOwed += unitsPerCommit * rowsPerUnit / commitsPerUnit;
            for (; rowsOwed >= 1; rowsOwed--) insert.ExecuteNonQuery();
            transaction.Commit();
            units += unitsPerCommit / commitsPerUnit;
        }

        return units / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
