using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>
/// In front of the address where a worker can be watched. Shut, it shows the others what a dead process shows them: connections are reset and new ones refused. The
/// worker behind it notices nothing.
/// </summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> sockets = new();
    private readonly int targetPort;
    private readonly Task accepting;
    private volatile bool shut;

    public Door(int targetPort)
    {
        this.targetPort = targetPort;
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    public void Shut()
    {
        shut = true;
        listener.Stop();
        foreach (Socket socket in sockets.Keys) ProxiedConnection.Reset(socket);
    }

    public async ValueTask DisposeAsync()
    {
        Shut();
        await accepting;
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!shut)
        {
            try
            {
                _ = PassAsync(await listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Shut, or a client was gone before it was accepted.
            }
        }
    }

    private async Task PassAsync(Socket client)
    {
        var worker = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sockets[client] = sockets[worker] = true;
        try
        {
            await worker.ConnectAsync(IPAddress.Loopback, targetPort);
            using var one = new NetworkStream(client);
            using var other = new NetworkStream(worker);
            await Task.WhenAny(one.CopyToAsync(other), other.CopyToAsync(one));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // However it ended: both ends learn so below.
        }
        finally
        {
            ProxiedConnection.Reset(client);
            ProxiedConnection.Reset(worker);
            sockets.TryRemove(client, out _);
            sockets.TryRemove(worker, out _);
        }
    }
}
