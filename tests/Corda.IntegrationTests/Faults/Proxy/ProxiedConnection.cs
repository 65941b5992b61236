using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>One client connection and the one to the broker that belongs to it.</summary>
internal sealed class ProxiedConnection(ChaosProxy proxy, Socket client, int targetPort)
{
    private readonly Socket broker = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ConcurrentDictionary<int, Trap> awaitedResponses = new();

    /// <summary>Ends when the client's side, or the broker's, has said all.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            client.NoDelay = true;
            await broker.ConnectAsync(IPAddress.Loopback, targetPort, cancellationToken);
            using var clientStream = new NetworkStream(client);
            using var brokerStream = new NetworkStream(broker);
            Task requests = PumpAsync(clientStream, brokerStream, toBroker: true, cancellationToken);
            Task responses = PumpAsync(brokerStream, clientStream, toBroker: false, cancellationToken);

            // What the client had sent is delivered although it has gone; when the broker has gone there is nothing to deliver.
            await requests;
            broker.Shutdown(SocketShutdown.Send);
            await responses;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidDataException)
        {
            // However it ended: both ends learn so below.
        }
        finally
        {
            Reset();
        }
    }

    public void Reset()
    {
        Reset(client);
        Reset(broker);
    }

    /// <summary>RST instead of FIN: what was under way is gone.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }

        socket.Dispose();
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool toBroker, CancellationToken cancellationToken)
    {
        // Reading and writing are apart, so that a delay is a delay and not a limit of the rate.
        Channel<(Frame Frame, long Due, Trap? Trap)> underWay = Channel.CreateUnbounded<(Frame, long, Trap?)>();
        Task writing = WriteAsync(underWay.Reader, to, toBroker, cancellationToken);
        try
        {
            while (await Frame.ReadAsync(from, cancellationToken) is { } frame)
            {
                underWay.Writer.TryWrite((frame, Stopwatch.GetTimestamp() + Ticks(DelayOfFrame()), TrapOf(frame, toBroker)));
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The side that is read was reset; what it had said before is still delivered.
        }

        underWay.Writer.Complete();
        await writing;
        if (!toBroker) client.Shutdown(SocketShutdown.Both);
    }

    private async Task WriteAsync(ChannelReader<(Frame Frame, long Due, Trap? Trap)> underWay, NetworkStream to, bool toBroker, CancellationToken cancellationToken)
    {
        await foreach ((Frame frame, long due, Trap? trap) in underWay.ReadAllAsync(cancellationToken))
        {
            if (trap is not null)
            {
                trap.ClientLost = () => Reset(client);
                trap.Close();
                if (!await trap.Verdict) continue;
            }

            TimeSpan early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (early > TimeSpan.Zero) await Task.Delay(early, cancellationToken);
            if (proxy.Weather.BytesPerSecond is { } rate) await Task.Delay(TimeSpan.FromSeconds((double)frame.Bytes.Length / rate), cancellationToken);
            await proxy.ThawedAsync(toBroker).WaitAsync(cancellationToken);
            if (proxy.Strikes())
            {
                Reset();
                return;
            }

            await to.WriteAsync(frame.Bytes, cancellationToken);
        }
    }

    private Trap? TrapOf(Frame frame, bool toBroker)
    {
        if (!toBroker) return awaitedResponses.TryRemove(frame.ResponseCorrelation, out Trap? awaited) ? awaited : null;
        Trap? trap = proxy.TrapOf(frame);
        if (trap is not { Side: Side.Response }) return trap;
        awaitedResponses[frame.RequestCorrelation] = trap;
        return null;
    }

    private TimeSpan DelayOfFrame()
    {
        Weather weather = proxy.Weather;
        return weather.Jitter == TimeSpan.Zero ? weather.Delay : weather.Delay + (weather.Jitter * ((2 * proxy.Chance()) - 1));
    }

    private static long Ticks(TimeSpan time) => (long)(Math.Max(0, time.TotalSeconds) * Stopwatch.Frequency);
}
