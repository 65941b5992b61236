using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Corda.IntegrationTests.Support;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>The proxy does what the fault tests believe it does. Its broker here answers every request with that request's number.</summary>
public sealed class ChaosProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);
    private readonly Answerer broker = new();
    private ChaosProxy proxy = null!;

    public Task InitializeAsync()
    {
        proxy = new ChaosProxy(broker.Port, port: 0, seed: 1);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        await broker.DisposeAsync();
    }

    [Fact]
    public async Task Fair_weather_lets_everything_through_in_order_and_counts_it()
    {
        using var client = new Asker(proxy.Port);

        foreach (int number in Enumerable.Range(1, 100)) await client.SendAsync(ApiKey.Produce, number);

        Assert.Equal(Enumerable.Range(1, 100), await client.ReceiveAsync(100));
        Assert.Equal(100, proxy.Requests(ApiKey.Produce));
        Assert.Equal(0, proxy.Requests(ApiKey.EndTxn));
    }

    [Fact]
    public async Task Delay_is_latency_and_not_a_limit_of_the_rate()
    {
        proxy.Weather = new Weather(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(20));
        using var client = new Asker(proxy.Port);
        long begin = Stopwatch.GetTimestamp();

        foreach (int number in Enumerable.Range(1, 30)) await client.SendAsync(ApiKey.Produce, number);
        Assert.Equal(Enumerable.Range(1, 30), await client.ReceiveAsync(30));

        // Each way at least 80 ms; one after the other they would take 6 s.
        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.FromMilliseconds(160), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_limited_rate_takes_its_time()
    {
        proxy.Weather = new Weather(BytesPerSecond: 10_000);
        using var client = new Asker(proxy.Port);
        long begin = Stopwatch.GetTimestamp();

        await client.SendAsync(ApiKey.Produce, 1, padding: 3_000);
        await client.ReceiveAsync(1);

        Assert.True(Stopwatch.GetElapsedTime(begin) > TimeSpan.FromMilliseconds(280));
    }

    [Fact]
    public async Task Cut_resets_what_there_is_and_refuses_what_comes_until_healed()
    {
        using var client = new Asker(proxy.Port);
        await client.SendAsync(ApiKey.Produce, 1);
        await client.ReceiveAsync(1);

        proxy.Cut();
        await Assert.ThrowsAsync<IOException>(() => client.ReceiveAsync(1));
        using (var refused = new Asker(proxy.Port)) await Assert.ThrowsAnyAsync<IOException>(() => refused.RoundTripAsync(ApiKey.Produce, 2));
        proxy.Heal();

        using var later = new Asker(proxy.Port);
        Assert.Equal(3, await later.RoundTripAsync(ApiKey.Produce, 3));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Frozen_connections_stand_silent_and_go_on_when_healed(bool toBroker, bool toClient)
    {
        using var client = new Asker(proxy.Port);
        await client.RoundTripAsync(ApiKey.Produce, 1);
        proxy.Freeze(toBroker, toClient);

        await client.SendAsync(ApiKey.Produce, 2);
        Task<int[]> answer = client.ReceiveAsync(1);
        Assert.NotSame(answer, await Task.WhenAny(answer, Task.Delay(Quiet)));
        Assert.Equal(toBroker ? [1] : [1, 2], broker.Seen);

        proxy.Heal();
        Assert.Equal((int[])[2], await answer);
    }

    [Fact]
    public async Task A_share_of_resets_hits_that_share_of_connections()
    {
        proxy.Weather = new Weather(ResetShare: 0.2);
        int reset = 0;
        foreach (int number in Enumerable.Range(1, 100))
        {
            using var client = new Asker(proxy.Port);
            try
            {
                await client.RoundTripAsync(ApiKey.Produce, number);
            }
            catch (IOException)
            {
                reset++;
            }
        }

        // Two frames each: 36 of 100 are to be expected.
        Assert.InRange(reset, 20, 55);
    }

    [Fact]
    public async Task One_kind_of_request_is_held_and_delivered_even_when_its_client_has_gone()
    {
        Trap trap = proxy.Catch(ApiKey.EndTxn, Side.Request, skip: 1);
        using (var client = new Asker(proxy.Port))
        {
            await client.RoundTripAsync(ApiKey.EndTxn, 1);
            await client.RoundTripAsync(ApiKey.Produce, 2);
            await client.SendAsync(ApiKey.EndTxn, 3);
            await trap.Caught;
        }

        using var other = new Asker(proxy.Port);
        await other.RoundTripAsync(ApiKey.EndTxn, 4);
        Assert.Equal([1, 2, 4], broker.Seen);

        trap.Release();

        await Eventually.True(() => Task.FromResult(broker.Seen is [1, 2, 4, 3]), () => $"the held request did not come: {string.Join(' ', broker.Seen)}");
    }

    [Fact]
    public async Task A_held_response_was_done_and_is_not_known_to_its_client()
    {
        Trap trap = proxy.Catch(ApiKey.TxnOffsetCommit, Side.Response);
        using var client = new Asker(proxy.Port);

        await client.SendAsync(ApiKey.TxnOffsetCommit, 7);
        Task<int[]> answer = client.ReceiveAsync(1);
        await trap.Caught;

        Assert.Equal([7], broker.Seen);
        Assert.NotSame(answer, await Task.WhenAny(answer, Task.Delay(Quiet)));
        trap.Release();
        Assert.Equal((int[])[7], await answer);
    }

    [Fact]
    public async Task A_dropped_request_is_gone_and_its_connection_goes_on()
    {
        Trap trap = proxy.Catch(ApiKey.EndTxn, Side.Request);
        using var client = new Asker(proxy.Port);

        await client.SendAsync(ApiKey.EndTxn, 1);
        await trap.Caught;
        trap.Drop();
        await client.SendAsync(ApiKey.EndTxn, 2);

        Assert.Equal((int[])[2], await client.ReceiveAsync(1));
        Assert.Equal([2], broker.Seen);
    }

    /// <summary>Sends what looks like requests and reads what looks like responses.</summary>
    private sealed class Asker : IDisposable
    {
        private readonly TcpClient tcp = new() { NoDelay = true };

        public Asker(int port) => tcp.Connect(IPAddress.Loopback, port);

        public async Task SendAsync(ApiKey kind, int number, int padding = 0)
        {
            byte[] request = new byte[12 + padding];
            BinaryPrimitives.WriteInt32BigEndian(request, 8 + padding);
            BinaryPrimitives.WriteInt16BigEndian(request.AsSpan(4), (short)kind);
            BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(8), number);
            await tcp.GetStream().WriteAsync(request);
        }

        public async Task<int[]> ReceiveAsync(int count)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            int[] numbers = new int[count];
            for (int i = 0; i < count; i++)
            {
                numbers[i] = (await Frame.ReadAsync(tcp.GetStream(), limit.Token) ?? throw new IOException("The connection has ended.")).ResponseCorrelation;
            }

            return numbers;
        }

        public async Task<int> RoundTripAsync(ApiKey kind, int number)
        {
            await SendAsync(kind, number);
            return (await ReceiveAsync(1))[0];
        }

        public void Dispose() => tcp.Dispose();
    }

    /// <summary>Answers every request, on every connection, with its number.</summary>
    private sealed class Answerer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly List<int> seen = [];
        private readonly Task serving;

        public Answerer()
        {
            listener.Start();
            serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public IReadOnlyList<int> Seen
        {
            get
            {
                lock (seen) return [.. seen];
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            listener.Stop();
            await serving;
            stop.Dispose();
        }

        private async Task ServeAsync()
        {
            var answering = new List<Task>();
            try
            {
                while (true) answering.Add(AnswerAsync(await listener.AcceptTcpClientAsync(stop.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                await Task.WhenAll(answering);
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using TcpClient owned = client;
            try
            {
                while (await Frame.ReadAsync(client.GetStream(), stop.Token) is { } request)
                {
                    lock (seen) seen.Add(request.RequestCorrelation);
                    byte[] response = new byte[8];
                    BinaryPrimitives.WriteInt32BigEndian(response, 4);
                    BinaryPrimitives.WriteInt32BigEndian(response.AsSpan(4), request.RequestCorrelation);
                    await client.GetStream().WriteAsync(response, stop.Token);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Reset by the proxy, or the test is over.
            }
        }
    }
}
