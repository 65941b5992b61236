using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>Turns what SQLite says into what the caller should do about it.</summary>
internal static class SqliteFaults
{
    /// <summary>The exception for a failure after which it is certain that nothing was written.</summary>
    public static Exception ToException(SqliteException fault, string file, string action) => fault.SqliteErrorCode switch
    {
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_FORMAT => Damaged(file, fault),
        raw.SQLITE_FULL => Transient(file, action, fault, "there is no room left; free disk space (or raise the limit of its size); work goes on by itself"),
        raw.SQLITE_READONLY or raw.SQLITE_PERM => Transient(
            file, action, fault, "it may not be written; make the file and its folder writable for this process; work goes on by itself"),
        raw.SQLITE_CANTOPEN => Transient(file, action, fault, "it cannot be opened; see that its folder exists and may be written and read; work goes on by itself"),
        raw.SQLITE_IOERR => Transient(file, action, fault, "its disk reports an error; see the system's log; work goes on by itself when the disk works again"),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => Transient(file, action, fault, "another process has locked it; close programs that look into the file; work goes on by itself"),
        raw.SQLITE_NOMEM => Transient(file, action, fault, "memory is short; work goes on by itself when there is some"),
        _ => new MessagingFatalException($"{action} of '{file}' failed in an unforeseen way: {fault.Message}; report this, and restart the process", fault),
    };

    /// <summary>The exception for a partition of which the file holds something else than was written.</summary>
    public static DamagedPartitionException Damaged(string file, TopicPartition partition, long offset, Exception cause) => new(
        $"partition {partition} is damaged from offset {offset} on, in the bus file '{file}' ({cause.Message}); nothing from there on is delivered, other partitions go on. "
        + "Stop the process, keep a copy of the file, check the disk, and restore the file together with '-wal' and '-shm' from a backup",
        cause);

    /// <summary>The exception for a file that holds something else than it should.</summary>
    public static MessagingFatalException Damaged(string file, Exception cause) => new(
        $"the bus file '{file}' is damaged ({cause.Message}); stop the process, keep a copy of the file, and restore it together with '-wal' and '-shm' "
        + "from a backup; only if there is none, move it away: the bus then begins empty",
        cause);

    private static MessagingTransientException Transient(string file, string action, SqliteException fault, string advice) =>
        new($"{action} of '{file}' failed: {advice} ({fault.Message})", fault);
}
