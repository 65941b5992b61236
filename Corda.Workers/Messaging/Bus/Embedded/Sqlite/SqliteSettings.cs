using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>How the bus file is kept.</summary>
internal sealed record SqliteSettings
{
    /// <summary>
    /// The -wal file under steady load: what is written between two checkpoints, and as much again for one that a reader makes incomplete. Readers hold it for one slice.
    /// </summary>
    public const int WalBytesMax = 2 * CheckpointBytes;

    private const int CheckpointBytes = 16 * 1024 * 1024;
    private const int PageBytes = 4096;

    /// <summary>The folder; the file in it is <c>bus.db</c>.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// Whether each commit reaches the disk before it is acknowledged (synchronous=FULL). Without it a power failure may cost the newest commits;
    /// the death of the process alone costs nothing either way.
    /// </summary>
    public bool SurvivesPowerLoss { get; init; } = true;

    /// <summary>Upper limit of the file's size; transactions beyond are refused as transient. Null: as large as the disk.</summary>
    public long? FileBytesMax { get; init; }

    public string File => Path.Combine(Folder, "bus.db");

    /// <summary>Opens a connection as all of them should be.</summary>
    public SqliteConnection Connect()
    {
        SqliteConnectionStringBuilder builder = new()
        {
            DataSource = File,
            Pooling = false, // Connections live as long as the bus, and a broken one must really be closed.
            DefaultTimeout = 1, // Seconds. Nobody else has the file open but perhaps a curious tool.
        };
        SqliteConnection connection = new(builder.ConnectionString);
        try
        {
            connection.Open();
            Apply(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Apply(SqliteConnection connection)
    {
        // SQLite's own default and the block of common file systems: a small commit writes few bytes beside its own.
        Execute(connection, $"PRAGMA page_size = {PageBytes}");

        // Readers do not wait for the writer, and a commit is one append and one sync.
        Execute(connection, "PRAGMA journal_mode = WAL");
        Execute(connection, SurvivesPowerLoss ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");

        // Pages that are rewritten in the meantime are copied into the file once. Larger saves little and makes starting after a crash slower.
        Execute(connection, $"PRAGMA wal_autocheckpoint = {CheckpointBytes / PageBytes}");

        // A burst may let the -wal file grow further; it is cut back to this at the next chance.
        Execute(connection, $"PRAGMA journal_size_limit = {WalBytesMax}");

        // 16 MiB: the ends of all partitions, where the appending is done, and the inner pages for readers.
        Execute(connection, "PRAGMA cache_size = -16384");

        // No mmap: an I/O error would kill the process with a signal instead of failing the one read.
        Execute(connection, "PRAGMA mmap_size = 0");
        if (FileBytesMax is { } bytesMax)
        {
            Execute(connection, $"PRAGMA max_page_count = {(bytesMax / PageBytes).ToString(CultureInfo.InvariantCulture)}");
        }
    }


    private static void Execute(SqliteConnection connection, string statement)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Only texts of this class come here.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
