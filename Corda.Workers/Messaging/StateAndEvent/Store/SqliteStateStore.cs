using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// A local copy in a SQLite file. Everything read is checked: the whole file when it is opened, each state by the checksum beside it. One connection reads and one
/// writes, each under its own lock, so that reading does not wait for the disk.
/// </summary>
internal sealed class SqliteStateStore : IStateStore
{
    private readonly Lock reading = new();
    private readonly Lock writing = new();
    private readonly string file;
    private readonly ILogger logger;
    private SqliteStateReader? reader;
    private SqliteStateWriter? writer;
    private volatile bool unsound;
    private bool closed;

    /// <summary>Opens the file. What cannot be believed is deleted, and begun anew.</summary>
    public SqliteStateStore(string file, ILogger logger)
    {
        this.file = file;
        this.logger = logger;
        try
        {
            Open();
            reader!.Check();
            Note = reader.Note();
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // Damaged bytes can look like anything.
            MessagingLog.StateCopyDiscarded(logger, file, cause.Message);
            Clear();
        }
    }

    /// <inheritdoc/>
    public StoreNote? Note { get; private set; }

    /// <inheritdoc/>
    public StoredState? Find(byte[] key) => Read(open => open.Find(key));

    /// <inheritdoc/>
    public IReadOnlyList<StoredState> Due(DuePlace after, DateTimeOffset now, int countMax) => Read(open => open.Due(after, now, countMax));

    /// <inheritdoc/>
    public DateTimeOffset? NextDue(DuePlace after) => Read(open => open.NextDue(after));

    /// <inheritdoc/>
    public IEnumerable<StoredState> All()
    {
        long after = 0;
        while (Read(open => open.Next(after)) is { Count: > 0 } some)
        {
            foreach (StoredState state in some)
            {
                yield return state;
            }

            after = some[^1].Id;
        }
    }

    /// <inheritdoc/>
    public void Write(StoreChanges changes)
    {
        lock (writing)
        {
            try
            {
                if (closed)
                {
                    throw new IOException("the copy is closed, or was opened by a later owner");
                }

                if (writer is null)
                {
                    BeginAnew();
                }

                writer!.Write(changes);
            }
            catch (Exception cause) when (IsFailure(cause))
            {
                if (cause is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB })
                {
                    unsound = true;
                }

                throw new StateStoreException($"The local copy of states '{file}' cannot be written: {cause.Message}", cause);
            }
        }
    }

    /// <inheritdoc/>
    public void Clear()
    {
        lock (writing)
        lock (reading)
        {
            Note = null;
            unsound = false;
            Close();
            try
            {
                BeginAnew();
            }
            catch (Exception cause) when (IsFailure(cause))
            {
                // The next writing tries again, and says so if it cannot.
                MessagingLog.StateCopyDiscarded(logger, file, cause.Message);
                Close();
            }
        }
    }

    /// <summary>Closes the file; one that is not believed any more is deleted. May be called by a later owner, on any thread.</summary>
    public void Dispose()
    {
        lock (writing)
        lock (reading)
        {
            if (closed)
            {
                return;
            }

            closed = true;
            Close();
            if (unsound)
            {
                TryDelete();
            }
        }
    }

    private static bool IsFailure(Exception cause) =>
        cause is SqliteException or InvalidDataException or MalformedRecordException or IOException or UnauthorizedAccessException;

    // Never with a file that could not be deleted when it was to be: what is in there counts for nothing, and would be found again beside what is written now.
    private void BeginAnew()
    {
        lock (reading)
        {
            SqliteStateFile.Delete(file);
            Open();
        }
    }

    private void Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        writer = new SqliteStateWriter(file);
        reader = new SqliteStateReader(file);
    }

    private void Close()
    {
        reader?.Dispose();
        reader = null;
        writer?.Dispose();
        writer = null;
    }

    private TResult Read<TResult>(Func<SqliteStateReader, TResult> read)
    {
        lock (reading)
        {
            if (closed)
            {
                throw new MessagingFencedException($"The local copy of states '{file}' has a later owner in this process.");
            }

            try
            {
                return read(reader is null || unsound ? throw new InvalidDataException("it is discarded") : reader);
            }
            catch (Exception cause) when (cause is not OutOfMemoryException)
            {
                unsound = true;
                MessagingLog.StateCopyDiscarded(logger, file, cause.Message);
                throw new MessagingIndefiniteException($"The local copy of states '{file}' is damaged; it is discarded, and the state topic read instead.", cause);
            }
        }
    }

    private void TryDelete()
    {
        try
        {
            SqliteStateFile.Delete(file);
        }
        catch (Exception cause) when (IsFailure(cause))
        {
            // It is checked before it is believed again.
            MessagingLog.StateCopyDiscarded(logger, file, cause.Message);
        }
    }
}
