using System.Net;
using System.Net.Sockets;

namespace Corda.Tests.Cluster;

/// <summary>Stands before a listener and does to its connections what networks and deaths do.</summary>
internal sealed class Gate : IAsyncDisposable
{
    private readonly Lock guard = new();
    private readonly List<Socket> connections = [];
    private Socket? listener;
    private volatile bool frozen;
    private int accepted;

    public Gate()
    {
        Port = 0;
        Open();
    }

    /// <summary>What is connected to.</summary>
    public int Port { get; private set; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Where it leads.</summary>
    public IPEndPoint? Target { get; set; }

    /// <summary>How many connections it has let in.</summary>
    public int Accepted => accepted;

    /// <summary>Lets connections in again.</summary>
    public void Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        socket.Listen();
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        listener = socket;
        _ = Accept(socket);
    }

    /// <summary>Closes the connections there are.</summary>
    public void Cut()
    {
        lock (guard)
        {
            connections.ForEach(static connection => connection.Dispose());
            connections.Clear();
        }
    }

    /// <summary>Refuses from now on, and closes what is open: as the kernel does when the process has died.</summary>
    public void Close()
    {
        listener?.Dispose();
        Cut();
    }

    /// <summary>Accepts and says nothing: as the kernel does for a process that stands still.</summary>
    public void Freeze() => frozen = true;

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private async Task Accept(Socket from)
    {
        try
        {
            while (true)
            {
                Socket inward = await from.AcceptAsync();
                Keep(inward);
                Interlocked.Increment(ref accepted);
                if (!frozen) _ = Forward(inward);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task Forward(Socket inward)
    {
        try
        {
            var outward = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            Keep(outward);
            await outward.ConnectAsync(Target!);
            await Task.WhenAny(Pump(inward, outward), Pump(outward, inward));
            inward.Dispose();
            outward.Dispose();
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            inward.Dispose();
        }
    }

    private async Task Pump(Socket from, Socket to)
    {
        try
        {
            var bytes = new byte[1024];
            for (int count = await from.ReceiveAsync(bytes); count > 0 && !frozen; count = await from.ReceiveAsync(bytes)) await to.SendAsync(bytes.AsMemory(0, count));
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private void Keep(Socket connection)
    {
        lock (guard) connections.Add(connection);
    }
}
