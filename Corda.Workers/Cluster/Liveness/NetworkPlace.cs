using System.Net;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>Tells whether two workers mean the same by a loopback address.</summary>
internal static class NetworkPlace
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";
    private const string NetworkNamespace = "/proc/self/ns/net";

    /// <summary>The network stack that this process uses: of this boot of this host, of this container.</summary>
    public static string Here { get; } = Find();

    /// <summary>Whether an address that a worker at a place has told can be tried from here.</summary>
    public static bool CanReach(string address, string place) =>
        address.Length > 0 && (place == Here || !IPEndPoint.TryParse(address, out IPEndPoint? at) || !IPAddress.IsLoopback(at.Address));

    private static string Find()
    {
        try
        {
            if (File.Exists(BootId) && new FileInfo(NetworkNamespace).LinkTarget is { } space) return $"{File.ReadAllText(BootId).Trim()}/{space}";
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            // Not to be read here; the name has to do.
        }

        return Environment.MachineName;
    }
}
