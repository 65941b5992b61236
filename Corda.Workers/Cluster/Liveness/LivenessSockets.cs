using System.Net.Sockets;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>What both ends of a liveness connection do to their socket.</summary>
internal static class LivenessSockets
{
    /// <summary>An idle connection whose other host is lost ends after seconds rather than hours.</summary>
    public static void KeepAlive(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 3);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    /// <summary>Completes when the other side is gone. Nothing more is said, and what is said is not listened to.</summary>
    public static async Task UntilClosed(Stream stream, CancellationToken cancellation)
    {
        var nothing = new byte[16];
        try
        {
            while (await stream.ReadAsync(nothing, cancellation) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset, or no answer to keep-alive: closed is closed.
        }
    }
}
