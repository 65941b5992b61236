using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>
/// A connection to one broker for the few requests that the client library has no call for. Secured as the client's own connections are. Requests are
/// sent one after the other; thread-safe.
/// </summary>
internal sealed class WireConnection : IAsyncDisposable
{
    private const string ClientId = "corda-eviction";
    private const int AnswerBytesMax = 1 << 20;

    private readonly Stream stream;
    private readonly SemaphoreSlim turn = new(1, 1);
    private int correlation;

    private WireConnection(Stream stream) => this.stream = stream;

    /// <summary>Connects, and identifies itself as the settings demand.</summary>
    /// <exception cref="IOException">No connection, no TLS, or no answer.</exception>
    /// <exception cref="WireRefusedException">The broker does not accept who we are.</exception>
    public static async Task<WireConnection> Open(string host, int port, WireSecurity security, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? opened = null;
        try
        {
            await socket.ConnectAsync(host, port, cancellation);
            opened = new NetworkStream(socket, ownsSocket: true);
            if (security.Tls is { } tls)
            {
                var secured = new SslStream(opened);
                opened = secured;
                await secured.AuthenticateAsClientAsync(tls.OptionsFor(host), cancellation);
            }

            var connection = new WireConnection(opened);
            if (security.Sasl is { } sasl) await SaslLogin.Perform(connection, sasl, cancellation);
            return connection;
        }
        catch (Exception cause)
        {
            if (opened is null) socket.Dispose();
            else await opened.DisposeAsync();
            if (cause is SocketException or System.Security.Authentication.AuthenticationException)
            {
                throw new IOException($"No connection to the broker at {host}:{port}: {cause.Message}", cause);
            }

            throw;
        }
    }

    /// <summary>Asks, and answers what the broker says, without its header.</summary>
    public async Task<WireReader> Ask(WireRequest request, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            int id = ++correlation;
            await stream.WriteAsync(Frame(request, id), cancellation);
            WireReader answer = new(await ReadFrame(cancellation));
            if (answer.Int32() is var answered && answered != id) throw new InvalidDataException($"The broker answered request {answered} instead of {id}.");
            return request.Flexible ? answer.SkipTags() : answer;
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        turn.Dispose();
    }

    private static ReadOnlyMemory<byte> Frame(WireRequest request, int id)
    {
        WireWriter header = new WireWriter().Int16(request.Key).Int16(request.Version).Int32(id).Text(ClientId);
        if (request.Flexible) header.NoTags();
        int length = header.Written.Length + request.Body.Length;
        return new WireWriter().Int32(length).Raw(header.Written.Span).Raw(request.Body.Span).Written;
    }

    private async Task<byte[]> ReadFrame(CancellationToken cancellation)
    {
        var length = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(length, cancellation);
        int count = BinaryPrimitives.ReadInt32BigEndian(length);
        if (count is < sizeof(int) or > AnswerBytesMax) throw new InvalidDataException($"The broker announced an answer of {count} bytes; is this a Kafka listener?");
        var frame = new byte[count];
        await stream.ReadExactlyAsync(frame, cancellation);
        return frame;
    }
}

/// <summary>The broker does not accept who we are; asking again does not help.</summary>
internal sealed class WireRefusedException(string message) : Exception(message);
