using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Corda.Workers.Cluster;

/// <summary>Who of the survivors evicts a dead worker, and who stands in for whom. Pure.</summary>
internal static class EvictionOrder
{
    /// <summary>
    /// The place of a survivor in the order, 0 for the first. Rendezvous hashing: all who know the same survivors agree without a word, and each death has an
    /// order of its own. Those that share a role with the dead one come first, for they wait for its partitions.
    /// </summary>
    /// <param name="dead">The dead worker.</param>
    /// <param name="survivor">Whose place is asked for.</param>
    /// <param name="survivors">All survivors, with whether they share a role with the dead one.</param>
    public static int PlaceOf(WorkerIdentity dead, WorkerIdentity survivor, IEnumerable<(WorkerIdentity Worker, bool SharesRole)> survivors) => survivors
        .OrderByDescending(static one => one.SharesRole)
        .ThenByDescending(one => Weight(dead, one.Worker))
        .ThenBy(static one => one.Worker.ToString(), StringComparer.Ordinal)
        .Select(static one => one.Worker)
        .TakeWhile(one => one != survivor)
        .Count();

    private static ulong Weight(WorkerIdentity dead, WorkerIdentity survivor) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{dead}\n{survivor}")));
}
