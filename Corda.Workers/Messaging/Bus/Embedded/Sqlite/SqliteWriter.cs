using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Corda.Workers.Messaging.Bus.Embedded.Sqlite;

/// <summary>The connection that writes, with its statements prepared once. One thread. After an exception it is disposed of and a new one made.</summary>
internal sealed class SqliteWriter : IDisposable
{
    /// <summary>A row's bytes, about: big enough that the row's own cost vanishes, small enough that a reader of a few records does not decode much for nothing.</summary>
    private const int RowBytes = 64 * 1024;

    private readonly SqliteConnection connection;
    private readonly Statement begin;
    private readonly Statement commit;
    private readonly Statement insert;
    private readonly Statement offset;
    private readonly Statement sequence;

    public SqliteWriter(SqliteConnection connection)
    {
        this.connection = connection;
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
        insert = Prepare("INSERT INTO log (id, taken, records) VALUES (@id, @taken, @records)", "@id", "@taken", "@records");
        offset = Prepare(
            """
            INSERT INTO committed (consumers, topic, partition, next, taken) VALUES (@consumers, @topic, @partition, @next, @taken)
            ON CONFLICT DO UPDATE SET next = excluded.next, taken = excluded.taken
            """,
            "@consumers", "@topic", "@partition", "@next", "@taken");
        sequence = Prepare("UPDATE commits SET sequence = @sequence", "@sequence");
    }

    public SqliteConnection Connection => connection;

    public void Begin() => begin.Execute();

    public void Commit() => commit.Execute();

    public void Insert(int partitionId, List<ConsumedRecord> records)
    {
        ReadOnlySpan<ConsumedRecord> rest = CollectionsMarshal.AsSpan(records);
        while (rest.Length > 0)
        {
            int count = RowLength(rest);
            ConsumedRecord last = rest[count - 1];
            long id = SqliteSchema.RowId(partitionId, last.Offset);
            insert.Execute(id, last.Timestamp.UtcTicks, RowCodec.Encode(id, rest[..count]));
            rest = rest[count..];
        }
    }

    public void SetOffset(GroupOffset o) =>
        offset.Execute(o.Group, o.Partition.Topic, o.Partition.Partition, o.Offset, o.CommittedAt.UtcTicks);

    public void SetSequence(long value) => sequence.Execute(value);

    /// <summary>Runs a statement that is not worth preparing for good, and returns how many rows it touched.</summary>
    public int Execute(string statement, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(statement, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs a query that is not worth preparing for good.</summary>
    public object? Scalar(string query, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(query, parameters);
        return command.ExecuteScalar();
    }

    /// <summary>
    /// Statements first, then nothing is left in the connection's own list of them. That list knows no other thread: neither this nor anything else here is called
    /// by two at a time. The commit writer's thread does it, and after that thread's end the one closing of the bus.
    /// </summary>
    public void Dispose()
    {
        foreach (Statement statement in new[] { begin, commit, insert, offset, sequence })
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    private static int RowLength(ReadOnlySpan<ConsumedRecord> records)
    {
        long bytes = 0;
        int count = 0;
        while (count < records.Length && bytes < RowBytes)
        {
            bytes += records[count].Key.Length + (records[count].Value?.Length ?? 0);
            count++;
        }

        return count;
    }

#pragma warning disable CA2100 // Statements are constants of this folder.
    private SqliteCommand Command(string statement, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = statement;
        foreach ((string name, object value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private Statement Prepare(string statement, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = statement;
        foreach (string parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return new Statement(command);
    }
#pragma warning restore CA2100

    /// <summary>A prepared statement.</summary>
    private readonly struct Statement(SqliteCommand command) : IDisposable
    {
        public void Dispose() => command.Dispose();

        public void Execute(params ReadOnlySpan<object> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                command.Parameters[i].Value = values[i];
            }

            command.ExecuteNonQuery();
        }
    }
}
