using System.Net.Sockets;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>What became of a try to connect to a worker.</summary>
internal abstract record DialResult
{
    private DialResult()
    {
    }

    /// <summary>It is there. The stream stays silent until one side is gone.</summary>
    public sealed record Connected(Stream Stream) : DialResult;

    /// <summary>Where it was, nobody is, or another worker: its kernel says that the process is no more.</summary>
    public sealed record Gone(string Reason) : DialResult;

    /// <summary>Somebody is there who lets us in no further: full, of another mind about certificates, or just ending. That a process is no more nobody says.</summary>
    public sealed record TurnedAway(string Reason) : DialResult;

    /// <summary>Nobody says anything: it may be dead, frozen, or cut off; so may we.</summary>
    public sealed record Unreachable(string Reason) : DialResult;
}

/// <summary>Connects to a worker.</summary>
internal interface ILivenessDialer
{
    /// <summary>One try. Never fails but by cancellation.</summary>
    Task<DialResult> Dial(WorkerIdentity other, string address, CancellationToken cancellation);
}

/// <inheritdoc cref="ILivenessDialer"/>
internal sealed class LivenessDialer(WorkerIdentity self, LivenessTls? tls) : ILivenessDialer
{
    // A live process on a busy machine answers in milliseconds; silence is only suspicion, so there is no harm in ending it early.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    public async Task<DialResult> Dial(WorkerIdentity other, string address, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        Stream? stream = null;
        DialResult? result = null;
        try
        {
            int colon = address.LastIndexOf(':');
            await socket.ConnectAsync(address[..colon].Trim('[', ']'), int.Parse(address.AsSpan(colon + 1)), limit.Token);
            LivenessSockets.KeepAlive(socket);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null) stream = await tls.AsClient(stream, limit.Token);
            await Hello.Send(stream, self, limit.Token);
            string answered = await Hello.Receive(stream, limit.Token);
            result = answered == other.ToString() ? new DialResult.Connected(stream) : new DialResult.Gone($"{answered} has its address now");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            result = new DialResult.Unreachable($"no answer within {Timeout.TotalSeconds:0} s");
        }
        catch (Exception cause) when (cause is SocketException or IOException or InvalidDataException or System.Security.Authentication.AuthenticationException)
        {
            result = Judge(cause);
        }
        finally
        {
            if (result is not DialResult.Connected) await Close(socket, stream);
        }

        return result;
    }

    private static DialResult Judge(Exception cause) => (cause as SocketException ?? cause.InnerException as SocketException)?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new DialResult.Gone(cause.Message),
        null or SocketError.ConnectionReset => new DialResult.TurnedAway(cause.Message),
        _ => new DialResult.Unreachable(cause.Message),
    };

    private static async Task Close(Socket socket, Stream? stream)
    {
        if (stream is not null) await stream.DisposeAsync();
        socket.Dispose();
    }
}
