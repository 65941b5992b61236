using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>The connections of one eviction: to whichever bootstrap server answers, and to the coordinators it names. Thread-safe.</summary>
internal sealed class WireBrokers(string bootstrapServers, WireSecurity security, CancellationToken cancellation) : IAsyncDisposable
{
    // A broker that is gone without a word must not use up the patience that its neighbours deserve.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    // One that stands still takes connections all the same: its kernel does.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(string Host, int Port), Lazy<Task<WireConnection>>> connections = new();
    private readonly IReadOnlyList<(string Host, int Port)> bootstrap = Parse(bootstrapServers);

    /// <summary>Asks the broker that decides about a key.</summary>
    /// <exception cref="IOException">Nobody answers.</exception>
    public async Task<WireError> AskCoordinator(string key, CoordinatorKind kind, WireRequest request)
    {
        (WireError error, string host, int port) = await AskAny(WireRequest.FindCoordinator(key, kind));
        if (error != WireError.None) return error;
        return WireRequest.ReadOutcome(await Ask((host, port), request));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<WireConnection>> connection in connections.Values)
        {
            if (connection.Value.IsCompletedSuccessfully) await (await connection.Value).DisposeAsync();
        }
    }

    private async Task<(WireError Error, string Host, int Port)> AskAny(WireRequest request)
    {
        IOException? last = null;
        foreach ((string Host, int Port) server in bootstrap)
        {
            try
            {
                return WireRequest.ReadCoordinator(await Ask(server, request));
            }
            catch (IOException cause)
            {
                last = cause;
            }
        }

        throw last!;
    }

    private async Task<WireReader> Ask((string Host, int Port) broker, WireRequest request)
    {
        Lazy<Task<WireConnection>> connecting = connections.GetOrAdd(broker, at => new Lazy<Task<WireConnection>>(() => Open(at)));
        try
        {
            WireConnection connection = await connecting.Value;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(AnswerTimeout);
            return await connection.Ask(request, limit.Token);
        }
        catch (Exception cause) when (cause is IOException or SocketException or ObjectDisposedException
            || (cause is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Whoever comes next tries a new one; what was half read of this one would be taken for another answer.
            if (connections.TryRemove(KeyValuePair.Create(broker, connecting)) && connecting.Value.IsCompletedSuccessfully)
            {
                await (await connecting.Value).DisposeAsync();
            }

            throw new IOException($"{broker.Host}:{broker.Port} does not answer: {cause.Message}", cause);
        }
    }

    private async Task<WireConnection> Open((string Host, int Port) broker)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTimeout);
        try
        {
            return await WireConnection.Open(broker.Host, broker.Port, security, limit.Token);
        }
        catch (OperationCanceledException cause) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"no connection within {ConnectTimeout.TotalSeconds:0} s", cause);
        }
    }

    private static IReadOnlyList<(string Host, int Port)> Parse(string servers) =>
    [
        .. servers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(static server =>
        {
            // The client also takes "SASL_SSL://host:port", and no port for 9092.
            string address = server[(server.IndexOf("://", StringComparison.Ordinal) is var scheme && scheme >= 0 ? scheme + 3 : 0)..];
            int colon = address.LastIndexOf(':');
            bool hasPort = colon > address.LastIndexOf(']');
            string host = (hasPort ? address[..colon] : address).Trim('[', ']');
            return (host, hasPort ? int.Parse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture) : 9092);
        }),
    ];
}
