using System.Globalization;
using Corda.Workers.Contracts;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Corda.Workers.Storage;

/// <summary>The table of virtual nodes. Thread-safe.</summary>
internal sealed class VirtualNodeStore(ClusterDatabase database)
{
    private const string Upsert =
        """
        INSERT INTO virtual_node (short_hash, x500_name, group_id, cpi_name, cpi_version, package_hashes, flow_start_active, created_at)
        VALUES (@ShortHash, @X500Name, @GroupId, @CpiName, @CpiVersion, @PackageHashes, @FlowStartActive, @CreatedAt)
        ON CONFLICT (short_hash) DO UPDATE SET
            cpi_name = excluded.cpi_name, cpi_version = excluded.cpi_version, package_hashes = excluded.package_hashes
        """;

    /// <summary>All virtual nodes, by name.</summary>
    public IReadOnlyList<VirtualNodeInfo> All()
    {
        using SqliteConnection connection = database.Open();
        return
        [
            .. connection.Query<Row>(
                """
                SELECT short_hash AS ShortHash, x500_name AS X500Name, group_id AS GroupId, cpi_name AS CpiName, cpi_version AS CpiVersion,
                       package_hashes AS PackageHashes, flow_start_active AS FlowStartActive, created_at AS CreatedAt
                FROM virtual_node ORDER BY x500_name, group_id
                """).Select(FromRow),
        ];
    }

    /// <summary>
    /// Makes the table hold exactly these virtual nodes, in one transaction. One that was there keeps its age and whether flows may start on it; its
    /// packages become the given ones.
    /// </summary>
    public void ReplaceAll(IReadOnlyCollection<VirtualNodeInfo> nodes)
    {
        using SqliteConnection connection = database.Open();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        string[] former = [.. connection.Query<string>("SELECT short_hash FROM virtual_node", transaction: transaction)];
        string[] gone = [.. former.Except(nodes.Select(node => node.Identity.ShortHash), StringComparer.Ordinal)];
        connection.Execute("DELETE FROM virtual_node WHERE short_hash = @hash", gone.Select(hash => new { hash }), transaction);
        connection.Execute(Upsert, nodes.Select(ToRow), transaction);
        transaction.Commit();
    }

    private static VirtualNodeInfo FromRow(Row row) => new(
        new HoldingIdentity(row.X500Name, row.GroupId),
        new CpiInfo(row.CpiName, row.CpiVersion, row.PackageHashes.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        row.FlowStartActive != 0,
        DateTimeOffset.Parse(row.CreatedAt, CultureInfo.InvariantCulture));

    private static Row ToRow(VirtualNodeInfo node) => new(
        node.Identity.ShortHash,
        node.Identity.X500Name,
        node.Identity.GroupId,
        node.Cpi.Name,
        node.Cpi.Version,
        string.Join(' ', node.Cpi.PackageHashes),
        node.FlowStartActive ? 1 : 0,
        node.CreatedAt.ToString("O", CultureInfo.InvariantCulture));

    private sealed record Row(
        string ShortHash,
        string X500Name,
        string GroupId,
        string CpiName,
        string CpiVersion,
        string PackageHashes,
        long FlowStartActive,
        string CreatedAt);
}
