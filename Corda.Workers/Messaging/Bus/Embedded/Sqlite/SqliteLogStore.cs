using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>
/// Keeps the log in one SQLite file (<see cref="SqliteSchema"/>). A group commit is one transaction of pure appends, one row for each partition it touches.
/// </summary>
/// <remarks>
/// After any failure the connection is dropped and the next write makes a new one: so work goes on by itself when the cause is gone.
/// </remarks>
internal sealed class SqliteLogStore(SqliteSettings settings) : ILogStore
{
    /// <summary>Rows that one slice of retention deletes: some milliseconds.</summary>
    private const int TrimRowsMax = 256;

    private readonly SqliteReaders readers = new(settings);
    private SqliteWriter? writer;

    public StoredLog Open()
    {
        try
        {
            Directory.CreateDirectory(settings.Folder);
            writer = new SqliteWriter(ConnectFirst());
            return SqliteLoad.Load(writer);
        }
        catch (SqliteException e)
        {
            Drop();
            throw new MessagingFatalException($"the bus cannot start: {SqliteFaults.ToException(e, settings.File, "opening").Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MessagingFatalException($"the bus cannot start: its folder '{settings.Folder}' cannot be created: {e.Message}", e);
        }
    }

    public void AddTopics(IReadOnlyList<StoredTopic> topics) => InTransaction("adding topics", db =>
    {
        foreach (StoredTopic topic in topics)
        {
            db.Execute(
                "INSERT INTO topic (name, cleanup, partitions, first_partition) VALUES (@name, @cleanup, @partitions, @first)",
                ("@name", topic.Name), ("@cleanup", (int)topic.Cleanup), ("@partitions", topic.PartitionCount), ("@first", topic.FirstPartitionId));
            for (int i = 0; i < topic.PartitionCount; i++)
            {
                db.Execute(
                    "INSERT INTO partition (id, floor, clean_to, clean_bytes) VALUES (@id, 0, 0, 0)", ("@id", topic.FirstPartitionId + i));
            }
        }
    });

    public void Write(LogWrite write)
    {
        bool atCommit = false;
        try
        {
            SqliteWriter db = Writer();
            db.Begin();
            foreach (PartitionAppend append in write.Appends)
            {
                db.Insert(append.Log.Identity.Id, append.Records);
            }

            foreach (GroupOffset offset in write.Offsets)
            {
                db.SetOffset(offset);
            }

            db.SetSequence(write.Sequence);
            atCommit = true;
            db.Commit();
        }
        catch (SqliteException e)
        {
            Drop();

            // Where the disk is full the record that commits was not written whole, so there is no doubt. After other errors of the commit there is.
            if (!atCommit || e.SqliteErrorCode == raw.SQLITE_FULL)
            {
                throw SqliteFaults.ToException(e, settings.File, "writing");
            }

            Decide(write.Sequence, e);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A commit whose sync failed is not in force, yet it may stand whole in the -wal file and come back after a crash. So before anybody is told that
    /// it did not happen, a commit of our own is written over it.
    /// </remarks>
    public long LastSequence()
    {
        try
        {
            SqliteWriter db = Writer();
            long sequence = (long)db.Scalar("SELECT sequence FROM commits")!;
            db.Execute("UPDATE commits SET barrier = barrier + 1");
            return sequence;
        }
        catch (SqliteException e)
        {
            Drop();
            throw SqliteFaults.ToException(e, settings.File, "looking up the last commit");
        }
    }

    public LogSlice Read(StoredPartition partition, long from, long to, long bytesMax) => readers.Read(partition, from, to, bytesMax);

    public bool Trim(StoredPartition partition, long below, DateTimeOffset takenBefore)
    {
        (string, object)[] range =
        [
            ("@from", SqliteSchema.RowId(partition.Id, 0)), ("@to", SqliteSchema.RowId(partition.Id, below)), ("@before", takenBefore.UtcTicks),
        ];
        if (below == 0 || (long)Query("SELECT count(*) FROM (SELECT taken FROM log WHERE id >= @from AND id < @to ORDER BY id LIMIT 1) WHERE taken < @before", range)! == 0)
        {
            return false;
        }

        int deleted = 0;
        InTransaction("retention", db =>
        {
            KeepEnd(db, partition);
            deleted = db.Execute(
                $"DELETE FROM log WHERE id IN (SELECT id FROM log WHERE id >= @from AND id < @to AND taken < @before ORDER BY id LIMIT {TrimRowsMax})", range);
        });
        return deleted == TrimRowsMax;
    }

    public void Replace(StoredPartition partition, long from, long to, IReadOnlyList<ConsumedRecord> survivors) => InTransaction("compaction", db =>
    {
        KeepEnd(db, partition);
        db.Execute(
            "DELETE FROM log WHERE id >= @from AND id < @to",
            ("@from", SqliteSchema.RowId(partition.Id, from)), ("@to", SqliteSchema.RowId(partition.Id, to)));
        db.Insert(partition.Id, [.. survivors]);
    });

    public void MarkClean(StoredPartition partition, CleanMark mark) => InTransaction("compaction", db => db.Execute(
        "UPDATE partition SET clean_to = @to, clean_bytes = @bytes, oldest_tombstone = @tombstone WHERE id = @id",
        ("@id", partition.Id), ("@to", mark.To), ("@bytes", mark.Bytes), ("@tombstone", mark.OldestTombstone?.UtcTicks ?? (object)DBNull.Value)));

    public void ForgetGroup(string group) => InTransaction("retention", db => db.Execute(
        "DELETE FROM committed WHERE consumers = @group", ("@group", group)));

    /// <summary>Moves what is in the -wal file into the file while nobody waits, so that it seldom must be done during a commit.</summary>
    public void OnIdle() => Query("PRAGMA wal_checkpoint(PASSIVE)", []);

    public void Dispose()
    {
        readers.Dispose();
        Drop();
    }

    /// <summary>Deleting may take the last rows of a partition; its end must not go back with them.</summary>
    private static void KeepEnd(SqliteWriter db, StoredPartition partition) => db.Execute(
        "UPDATE partition SET floor = max(floor, coalesce((SELECT max(id) - @from + 1 FROM log WHERE id >= @from AND id <= @last), 0)) WHERE id = @id",
        ("@id", partition.Id), ("@from", SqliteSchema.RowId(partition.Id, 0)), ("@last", SqliteSchema.LastRowId(partition.Id)));

    private void Decide(long sequence, SqliteException atCommit)
    {
        long last;
        try
        {
            last = LastSequence();
        }
        catch (MessagingTransientException e)
        {
            throw new MessagingIndefiniteException(
                $"committing to '{settings.File}' failed ({atCommit.Message}), and whether it is in the file cannot be told for now: {e.Message}", atCommit);
        }

        if (last < sequence)
        {
            throw SqliteFaults.ToException(atCommit, settings.File, "committing");
        }
    }

    private void InTransaction(string action, Action<SqliteWriter> work)
    {
        try
        {
            SqliteWriter db = Writer();
            db.Begin();
            work(db);
            db.Commit();
        }
        catch (SqliteException e)
        {
            Drop();
            throw SqliteFaults.ToException(e, settings.File, action);
        }
    }

    private object? Query(string query, (string, object)[] parameters)
    {
        try
        {
            return Writer().Scalar(query, parameters);
        }
        catch (SqliteException e)
        {
            Drop();
            throw SqliteFaults.ToException(e, settings.File, "maintenance");
        }
    }

    private SqliteConnection ConnectFirst()
    {
        SqliteConnection connection = settings.Connect();
        try
        {
            SqliteSchema.Ensure(connection, settings.File);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private SqliteWriter Writer() => writer ??= new SqliteWriter(settings.Connect());

    private void Drop() => Interlocked.Exchange(ref writer, null)?.Dispose();
}
