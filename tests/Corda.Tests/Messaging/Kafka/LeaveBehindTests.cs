using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Corda.Tests.Support;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Kafka.Eviction;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Messaging.Kafka;

/// <summary>Former memberships are left, against a listener that answers as a coordinator does.</summary>
public sealed class LeaveBehindTests : IDisposable
{
    private const short FindCoordinator = 10;
    private const short LeaveGroup = 13;
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(10);

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly FakeTimeProvider time = new();
    private int leaves;

    public LeaveBehindTests()
    {
        listener.Start();
        _ = Task.Run(ServeAsync);
    }

    private int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task A_former_membership_is_left_again_and_again_until_its_session_would_have_ended()
    {
        var eviction = new KafkaEviction($"127.0.0.1:{Port}", new Dictionary<string, string>(), time, NullLogger.Instance);

        Task leaving = eviction.LeaveBehind(new GroupMemberId("group", "member"), SessionTimeout, CancellationToken.None);

        // The coordinator that heard the first may have let go of the group since, and have loaded it once more from its log.
        await Eventually.True(() => Volatile.Read(ref leaves) >= 5, () => $"{leaves} leaves", Pass);
        Assert.False(leaving.IsCompleted);
        await Eventually.True(() => leaving.IsCompleted, "the end of it", Pass);
        Assert.True(leaving.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task It_ends_with_the_bus()
    {
        using var closing = new CancellationTokenSource();
        var eviction = new KafkaEviction($"127.0.0.1:{Port}", new Dictionary<string, string>(), time, NullLogger.Instance);
        Task leaving = eviction.LeaveBehind(new GroupMemberId("group", "member"), SessionTimeout, closing.Token);
        await Eventually.True(() => Volatile.Read(ref leaves) >= 1, "the first");

        await closing.CancelAsync();

        await leaving.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private void Pass() => time.Advance(TimeSpan.FromMilliseconds(100));

    private async Task ServeAsync()
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            try
            {
                await AnswerAsync(client.GetStream());
            }
            catch (IOException)
            {
                // Who asked has gone.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        while (true)
        {
            var length = new byte[sizeof(int)];
            await stream.ReadExactlyAsync(length);
            var request = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            await stream.ReadExactlyAsync(request);
            short key = BinaryPrimitives.ReadInt16BigEndian(request);
            if (key == LeaveGroup) Interlocked.Increment(ref leaves);

            // Behind the number of the request and the throttle time: no error; and where the coordinator is.
            WireWriter answer = new WireWriter().Raw(request.AsSpan(4, sizeof(int))).Int32(0).Int16(0);
            if (key == FindCoordinator) answer.Text("").Int32(1).Text("127.0.0.1").Int32(Port);
            await stream.WriteAsync(new WireWriter().Int32(answer.Written.Length).Raw(answer.Written.Span).Written);
        }
    }
}
