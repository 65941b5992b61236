using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>Connections for reading, as many as there were readers at a time. Thread-safe; none is shared while it is used.</summary>
internal sealed class SqliteReaders(SqliteSettings settings) : IDisposable
{
    private const string Query = "SELECT id, records FROM log WHERE id >= @from AND id <= @to ORDER BY id";

    private readonly ConcurrentBag<SqliteCommand> idle = [];
    private volatile bool disposed;

    public LogSlice Read(StoredPartition partition, long from, long to, long bytesMax)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(EmbeddedBus));
        SqliteCommand? command = null;
        try
        {
            command = idle.TryTake(out SqliteCommand? pooled) ? pooled : NewCommand();
            LogSlice slice = Read(command, partition, from, to, bytesMax);
            Return(command);
            return slice;
        }
        catch (Exception e)
        {
            command?.Connection?.Dispose();
            throw e switch
            {
                DamagedPartitionException => e,
                SqliteException fault => SqliteFaults.ToException(fault, settings.File, "reading"),
                _ => new MessagingFatalException($"reading of '{settings.File}' failed: {e.Message}", e),
            };
        }
    }

    public void Dispose()
    {
        disposed = true;
        while (idle.TryTake(out SqliteCommand? command))
        {
            command.Connection?.Dispose();
        }
    }

    private LogSlice Read(SqliteCommand command, StoredPartition partition, long from, long to, long bytesMax)
    {
        command.Parameters[0].Value = SqliteSchema.RowId(partition.Id, from);
        command.Parameters[1].Value = SqliteSchema.LastRowId(partition.Id);
        List<ConsumedRecord> records = [];
        long bytes = 0;
        long next = from;
        try
        {
            using SqliteDataReader rows = command.ExecuteReader();
            while (next < to && bytes < bytesMax && rows.Read())
            {
                long id = rows.GetInt64(0);
                byte[] row = rows.GetFieldValue<byte[]>(1);
                RowCodec.Decode(id, row, partition.Partition, next, to, records);
                next = id - SqliteSchema.RowId(partition.Id, 0) + 1;
                bytes += row.Length;
            }
        }
        catch (Exception e) when (e is InvalidDataException or SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT })
        {
            // What lies before the damage is good.
            return next > from ? new LogSlice(records, next) : throw SqliteFaults.Damaged(settings.File, partition.Partition, next, e);
        }

        // Stopped by the budget: go on after the last row. Otherwise there is nothing more below the end.
        return new LogSlice(records, bytes >= bytesMax ? Math.Min(next, to) : to);
    }

    private SqliteCommand NewCommand()
    {
        SqliteCommand command = settings.Connect().CreateCommand();
        command.CommandText = Query;
        command.Parameters.Add(new SqliteParameter { ParameterName = "@from" });
        command.Parameters.Add(new SqliteParameter { ParameterName = "@to" });
        return command;
    }

    private void Return(SqliteCommand command)
    {
        idle.Add(command);
        if (disposed)
        {
            Dispose();
        }
    }
}
