using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>Where a worker can be watched: what is configured, what is listened on, what the others are told.</summary>
internal static class LivenessAddress
{
    private const string Setting = "Corda:Cluster:Liveness";

    /// <summary>What is wrong with the settings, for people.</summary>
    public static IEnumerable<string> Problems(LivenessOptions options)
    {
        if (!IPEndPoint.TryParse(options.Listen, out IPEndPoint? listen))
        {
            yield return $"{Setting}:Listen is '{options.Listen}', but must be an IP address and a port, such as 0.0.0.0:7100 (port 0 for any).";
            yield break;
        }

        string?[] files = [options.Certificate, options.Key, options.Authority];
        bool all = Array.TrueForAll(files, static file => !string.IsNullOrWhiteSpace(file));
        bool none = Array.TrueForAll(files, string.IsNullOrWhiteSpace);
        if (!all && !none) yield return $"{Setting} has some of Certificate, Key and Authority; mutual TLS needs all three.";
        if (none && !IPAddress.IsLoopback(listen.Address))
        {
            yield return $"{Setting}:Listen is {options.Listen}, which other hosts can reach: set Certificate, Key and Authority (PEM files), so that only workers can connect, "
                + "or listen on a loopback address.";
        }
    }

    /// <summary>Listens.</summary>
    /// <exception cref="CordaOptionsException">The address cannot be used.</exception>
    public static LivenessListener Listen(WorkerIdentity self, LivenessOptions options, LivenessTls? tls, ILogger logger)
    {
        try
        {
            return new LivenessListener(self, IPEndPoint.Parse(options.Listen), tls, logger);
        }
        catch (SocketException cause)
        {
            throw new CordaOptionsException($"{Setting}:Listen is {options.Listen}, which cannot be used: {cause.Message}.");
        }
    }

    /// <summary>What the others connect to.</summary>
    public static string ToTell(LivenessOptions options, IPEndPoint listening)
    {
        string host = options.Advertise ?? (IsAny(listening.Address) ? Dns.GetHostName() : listening.Address.ToString());
        bool hasPort = options.Advertise is not null && host.LastIndexOf(':') > host.LastIndexOf(']') && host.Count(static c => c == ':') == 1;
        if (hasPort) return host;
        if (IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6) host = $"[{address}]";
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{listening.Port}");
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
