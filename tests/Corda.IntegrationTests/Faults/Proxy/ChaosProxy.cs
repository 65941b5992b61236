using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>
/// Stands between one client and one broker on loopback: delays, cuts, freezes, slows down, resets, and holds or drops requests of one kind. The broker must advertise
/// <see cref="Port"/> on the listener that it leads to, else its client walks past.
/// </summary>
internal sealed class ChaosProxy : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly int targetPort;
    private readonly Random random;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<ProxiedConnection, Task> connections = new();
    private readonly List<Trap> traps = [];
    private readonly ConcurrentDictionary<ApiKey, int> requests = new();
    private readonly Task accepting;
    private volatile Weather weather = Weather.Fair;
    private int resets;
    private int newMembers;
    private volatile bool cut;
    private volatile TaskCompletionSource? frozenToBroker;
    private volatile TaskCompletionSource? frozenToClient;

    public ChaosProxy(int targetPort, int port, int seed)
    {
        this.targetPort = targetPort;
        random = new Random(seed);
        listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>For the frames to come, of all connections.</summary>
    public Weather Weather
    {
        get => weather;
        set => weather = value;
    }

    public int Connections => connections.Count;

    /// <summary>How many requests of a kind have come by.</summary>
    public int Requests(ApiKey kind) => requests.GetValueOrDefault(kind);

    /// <summary>How often somebody asked to join a group who was no member of it: at the start, and whenever the group has given him up.</summary>
    public int NewMembers => newMembers;

    /// <summary>How many connections the weather has reset.</summary>
    public int Resets => resets;

    /// <summary>Resets all connections and lets nobody in until <see cref="Heal"/>.</summary>
    public void Cut()
    {
        cut = true;
        foreach (ProxiedConnection connection in connections.Keys) connection.Reset();
    }

    /// <summary>Half-open: connections stand, new ones are taken, and nothing comes through until <see cref="Heal"/>; then everything does, as after retransmission.</summary>
    public void Freeze(bool toBroker = true, bool toClient = true)
    {
        if (toBroker) frozenToBroker ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (toClient) frozenToClient ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Ends cut, freeze and weather. Traps stay.</summary>
    public void Heal()
    {
        cut = false;
        weather = Weather.Fair;
        Interlocked.Exchange(ref frozenToBroker, null)?.TrySetResult();
        Interlocked.Exchange(ref frozenToClient, null)?.TrySetResult();
    }

    /// <summary>Holds the next exchange of this kind, after letting some go by.</summary>
    /// <param name="kind">Of the request.</param>
    /// <param name="side">What of it is held.</param>
    /// <param name="skip">How many to let go by.</param>
    /// <param name="which">Which requests of this kind count; null for all.</param>
    public Trap Catch(ApiKey kind, Side side, int skip = 0, Func<Frame, bool>? which = null)
    {
        var trap = new Trap(kind, side, skip, which);
        lock (traps) traps.Add(trap);
        return trap;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Heal();
        lock (traps) traps.ForEach(trap => trap.Drop());
        await accepting;
        await Task.WhenAll(connections.Values);
        stop.Dispose();
    }

    /// <summary>The trap that this request goes into, if any.</summary>
    internal Trap? TrapOf(Frame request)
    {
        requests.AddOrUpdate(request.ApiKey, 1, static (_, count) => count + 1);
        if (request.IsNewMember) Interlocked.Increment(ref newMembers);
        lock (traps) return traps.Find(trap => trap.Takes(request));
    }

    internal Task ThawedAsync(bool toBroker) => (toBroker ? frozenToBroker : frozenToClient)?.Task ?? Task.CompletedTask;

    /// <summary>Whether the weather resets the connection that a frame goes over.</summary>
    internal bool Strikes()
    {
        if (weather.ResetShare <= Chance()) return false;
        Interlocked.Increment(ref resets);
        return true;
    }

    /// <summary>A number from 0 to below 1. Connections share one seeded source.</summary>
    internal double Chance()
    {
        lock (random) return random.NextDouble();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await listener.AcceptSocketAsync(stop.Token);
                if (cut)
                {
                    ProxiedConnection.Reset(client);
                    continue;
                }

                var connection = new ProxiedConnection(this, client, targetPort);
                connections[connection] = Task.Run(async () =>
                {
                    await connection.RunAsync(stop.Token);
                    connections.TryRemove(connection, out _);
                });
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The proxy ends, or a client was gone before it was accepted.
            }
        }
    }
}
