using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>Reads the file of a local copy. One thread at a time. Throws what tells of damage: SQLite's own exceptions and <see cref="InvalidDataException"/>.</summary>
internal sealed class SqliteStateReader : IDisposable
{
    private const int CacheKibibytes = 512;
    private const int AtOnce = 1_000;

    private readonly SqliteConnection connection;
    private readonly SqliteCommand byHash;
    private readonly SqliteCommand byDue;
    private readonly SqliteCommand byId;
    private readonly SqliteCommand nextDue;

    public SqliteStateReader(string file)
    {
        connection = SqliteStateFile.Open(file, CacheKibibytes);
        byHash = Prepare("SELECT id, checksum, key, record FROM state WHERE hash = $hash", "$hash");
        byDue = Prepare(
            "SELECT id, checksum, key, record FROM state WHERE due <= $now AND (due, id) > ($due, $id) ORDER BY due, id LIMIT $max", "$now", "$due", "$id", "$max");
        byId = Prepare("SELECT id, checksum, key, record FROM state WHERE id > $id ORDER BY id LIMIT $max", "$id", "$max");
        nextDue = Prepare("SELECT due FROM state WHERE due IS NOT NULL AND (due, id) > ($due, $id) ORDER BY due, id LIMIT 1", "$due", "$id");
    }

    /// <summary>Whether the file is one piece, and has as many states as its note says.</summary>
    public void Check()
    {
        SqliteStateFile.Check(connection);
        long states = (long)SqliteStateFile.Scalar(connection, "SELECT count(*) FROM state")!;
        if (Note() is { } note && note.States != states)
        {
            throw new InvalidDataException($"it has {states} states where its note says {note.States}");
        }
    }

    public StoreNote? Note()
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT checksum, bytes FROM note";
        using SqliteDataReader row = command.ExecuteReader();
        if (!row.Read())
        {
            return null;
        }

        byte[] bytes = row.GetFieldValue<byte[]>(1);
        return row.GetInt64(0) == Crc32C.Of(0, bytes) ? StoreNote.Decode(bytes) : throw new InvalidDataException("the checksum of its note is wrong");
    }

    public StoredState? Find(byte[] key)
    {
        byHash.Parameters[0].Value = SqliteStateWriter.HashOf(key);
        using SqliteDataReader rows = byHash.ExecuteReader();
        while (rows.Read())
        {
            StoredState state = StateOf(rows);
            if (KeyComparer.Instance.Equals(state.Key, key))
            {
                return state;
            }
        }

        return null;
    }

    public List<StoredState> Due(DuePlace after, DateTimeOffset now, int countMax) => List(byDue, now.UtcTicks, after.Ticks, after.Id, countMax);

    public DateTimeOffset? NextDue(DuePlace after)
    {
        Set(nextDue, after.Ticks, after.Id);
        return nextDue.ExecuteScalar() is long ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    /// <summary>Some of the states with higher ids, in their order; none at the end.</summary>
    public List<StoredState> Next(long afterId) => List(byId, afterId, AtOnce);

    public void Dispose()
    {
        foreach (SqliteCommand command in new[] { byHash, byDue, byId, nextDue })
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private static void Set(SqliteCommand command, params ReadOnlySpan<long> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }

    private static List<StoredState> List(SqliteCommand command, params ReadOnlySpan<long> values)
    {
        Set(command, values);
        using SqliteDataReader rows = command.ExecuteReader();
        var states = new List<StoredState>();
        while (rows.Read())
        {
            states.Add(StateOf(rows));
        }

        return states;
    }

    private static StoredState StateOf(SqliteDataReader row)
    {
        long id = row.GetInt64(0);
        byte[] key = row.GetFieldValue<byte[]>(2);
        byte[] bytes = row.GetFieldValue<byte[]>(3);
        return row.GetInt64(1) == Crc32C.Of(id, key, bytes)
            ? new StoredState(id, key, StateImage.Of(bytes))
            : throw new InvalidDataException($"the checksum of state {id}, key {KeyComparer.Text(key)}, is wrong");
    }

    private SqliteCommand Prepare(string query, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Only texts of this class come here.
        command.CommandText = query;
#pragma warning restore CA2100
        foreach (string parameter in parameters)
        {
            command.Parameters.Add(parameter, SqliteType.Integer);
        }

        command.Prepare();
        return command;
    }
}
