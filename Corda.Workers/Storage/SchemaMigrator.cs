using System.Globalization;
using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Corda.Workers.Storage;

/// <summary>
/// Brings a database to the newest schema. The steps are the embedded files <c>Sql/{schema}/NNNN_name.sql</c>; each is applied once, in order, in one
/// transaction with the note that it was. A landed step is never changed: a change is another step.
/// </summary>
internal static class SchemaMigrator
{
    /// <summary>Applies what is missing.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="schema">The folder of the steps.</param>
    /// <param name="now">Noted beside each step.</param>
    /// <exception cref="StorageException">The database was written by a newer release.</exception>
    public static void Migrate(SqliteConnection connection, string schema, DateTimeOffset now)
    {
        IReadOnlyList<SchemaStep> steps = Steps(schema);
        // Immediate: of two processes that migrate at once, the second waits and then finds nothing to do.
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        connection.Execute(
            "CREATE TABLE IF NOT EXISTS schema_step (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT", transaction: transaction);
        long present = connection.ExecuteScalar<long>("SELECT coalesce(max(version), 0) FROM schema_step", transaction: transaction);
        if (present > steps[^1].Version)
        {
            throw new StorageException(
                $"{connection.DataSource} has schema version {present}, this release knows up to {steps[^1].Version}. "
                + "Start the newer release, or restore the older file.");
        }

        foreach (SchemaStep step in steps.Where(step => step.Version > present))
        {
            connection.Execute(step.Sql, transaction: transaction);
            connection.Execute(
                "INSERT INTO schema_step (version, name, applied_at) VALUES (@Version, @Name, @AppliedAt)",
                new { step.Version, step.Name, AppliedAt = now.ToString("O", CultureInfo.InvariantCulture) },
                transaction);
        }

        transaction.Commit();
    }

    private static IReadOnlyList<SchemaStep> Steps(string schema)
    {
        Assembly assembly = typeof(SchemaMigrator).Assembly;
        string folder = $"Sql/{schema}/";
        return
        [
            .. assembly.GetManifestResourceNames()
                .Select(name => name.Replace('\\', '/'))
                .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(name => Read(assembly, name, Path.GetFileNameWithoutExtension(name))),
        ];
    }

    private static SchemaStep Read(Assembly assembly, string resource, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return new SchemaStep(long.Parse(name.AsSpan(0, name.IndexOf('_', StringComparison.Ordinal)), CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }

    private sealed record SchemaStep(long Version, string Name, string Sql);
}
