using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>
/// The listeners of a single broker: beside the way for everybody one for each proxy, on which the broker advertises the proxy, so that who comes that way stays on it.
/// </summary>
internal sealed class ProxiedListeners
{
    private ProxiedListeners(string bootstrap, IReadOnlyList<ChaosProxy> proxies, IReadOnlyList<string> brokerSettings)
    {
        Bootstrap = bootstrap;
        Proxies = proxies;
        BrokerSettings = brokerSettings;
    }

    /// <summary>The straight way.</summary>
    public string Bootstrap { get; }

    public IReadOnlyList<ChaosProxy> Proxies { get; }

    /// <summary>What the broker has to be started with.</summary>
    public IReadOnlyList<string> BrokerSettings { get; }

    /// <summary>Opens the proxies and finds ports for the broker.</summary>
    public static ProxiedListeners Open(int proxies, int seed)
    {
        int[] ports = FreePorts(2 + proxies);
        ChaosProxy[] ways = [.. ports[2..].Select((port, i) => new ChaosProxy(port, port: 0, seed + i))];
        string[] names = ["CLIENT", .. ways.Select((_, i) => $"W{i}")];
        int[] advertised = [ports[0], .. ways.Select(way => way.Port)];
        int[] bound = [ports[0], .. ports[2..]];
        string[] settings =
        [
            $"controller.quorum.voters=1@127.0.0.1:{ports[1]}",
            $"listeners=CONTROLLER://127.0.0.1:{ports[1]},{string.Join(',', names.Zip(bound, (name, port) => $"{name}://127.0.0.1:{port}"))}",
            $"advertised.listeners={string.Join(',', names.Zip(advertised, (name, port) => $"{name}://127.0.0.1:{port}"))}",
            $"listener.security.protocol.map=CONTROLLER:PLAINTEXT,{string.Join(',', names.Select(name => $"{name}:PLAINTEXT"))}",
        ];
        return new ProxiedListeners($"127.0.0.1:{ports[0]}", ways, settings);
    }

    // Below those that the kernel gives to whoever asks for any port, the proxies and all connections among them: nobody gets one of these before the broker has it,
    // nor while the broker is down. All are held until all are found, so that they differ.
    private static int[] FreePorts(int count)
    {
        var held = new Dictionary<int, TcpListener>();
        while (held.Count < count)
        {
            int port = RandomNumberGenerator.GetInt32(12_000, 20_000);
            var listener = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
            try
            {
                listener.Start();
                held.Add(port, listener);
            }
            catch (SocketException)
            {
                listener.Dispose(); // somebody has it: another one
            }
        }

        foreach (TcpListener listener in held.Values) listener.Dispose();
        return [.. held.Keys];
    }
}
