using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>
/// Where others watch this process: it answers a hello and holds the connection until one side is gone. The kernel closes it with the process, and that is
/// the message.
/// </summary>
internal sealed class LivenessListener : IAsyncDisposable
{
    // Many times any cluster; a bound against whoever opens connections for fun.
    private const int ConnectionsMax = 1_000;
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(2);

    private readonly WorkerIdentity self;
    private readonly LivenessTls? tls;
    private readonly ILogger logger;
    private readonly Socket socket;
    private readonly CancellationTokenSource closing = new();
    private readonly HashSet<Socket> connections = [];
    private readonly Task accepting;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="SocketException">The address is taken or not this host's.</exception>
    public LivenessListener(WorkerIdentity self, IPEndPoint listen, LivenessTls? tls, ILogger logger)
    {
        (this.self, this.tls, this.logger) = (self, tls, logger);
        socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(listen);
        socket.Listen();
        Address = (IPEndPoint)socket.LocalEndPoint!;
        accepting = Accept();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        socket.Dispose();
        await accepting;
        lock (connections)
        {
            foreach (Socket connection in connections) connection.Dispose();
        }
    }

    private async Task Accept()
    {
        while (!closing.IsCancellationRequested)
        {
            try
            {
                Socket connection = await socket.AcceptAsync(closing.Token);
                if (Add(connection)) _ = Serve(connection);
                else connection.Dispose();
            }
            catch (Exception) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException cause)
            {
                // Out of descriptors, or the caller has gone again: the next one may do better.
                logger.LogWarning("A liveness connection could not be accepted: {Reason}", cause.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
            }
        }
    }

    private bool Add(Socket connection)
    {
        lock (connections) return connections.Count < ConnectionsMax && connections.Add(connection);
    }

    private async Task Serve(Socket connection)
    {
        try
        {
            LivenessSockets.KeepAlive(connection);
            await using var plain = new NetworkStream(connection, ownsSocket: true);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(closing.Token);
            limit.CancelAfter(HelloTimeout);
            await using Stream stream = tls is null ? plain : await tls.AsServer(plain, limit.Token);
            await Hello.Receive(stream, limit.Token);
            await Hello.Send(stream, self, limit.Token);

            await LivenessSockets.UntilClosed(stream, closing.Token);
        }
        catch (Exception cause) when (cause is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidDataException
            or System.Security.Authentication.AuthenticationException)
        {
            if (!closing.IsCancellationRequested) logger.LogDebug("A liveness connection ended: {Reason}", cause.Message);
        }
        finally
        {
            lock (connections) connections.Remove(connection);
            connection.Dispose();
        }
    }
}
