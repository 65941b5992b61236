using System.Net;
using Corda.Tests.Support;
using Corda.Workers;
using Corda.Workers.Cluster;
using Corda.Workers.Cluster.Liveness;

namespace Corda.Tests.Cluster;

/// <summary>Between hosts only workers with a certificate of the cluster's authority can watch each other.</summary>
public sealed class LivenessTlsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();
    private static readonly WorkerIdentity A = new("a", Start);
    private static readonly WorkerIdentity B = new("b", Start);

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLogger log = new();
    private LivenessListener listener = null!;
    private LivenessTls own = null!;

    public Task InitializeAsync()
    {
        own = new LivenessTls(Files("cluster"));
        listener = new LivenessListener(A, new IPEndPoint(IPAddress.Loopback, 0), own, log);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await listener.DisposeAsync();
        own.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Workers_of_one_authority_connect_and_notice_the_end()
    {
        DialResult result = await new LivenessDialer(B, own).Dial(A, $"{listener.Address}", CancellationToken.None);
        Stream stream = Assert.IsType<DialResult.Connected>(result).Stream;

        Task closed = LivenessSockets.UntilClosed(stream, CancellationToken.None);
        Assert.False(closed.IsCompleted);
        await listener.DisposeAsync();
        await closed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Another_authoritys_certificate_or_none_gets_no_hello_and_kills_nobody()
    {
        using var stranger = new LivenessTls(Files("stranger"));

        Assert.IsType<DialResult.TurnedAway>(await new LivenessDialer(B, stranger).Dial(A, $"{listener.Address}", CancellationToken.None));
        Assert.IsType<DialResult.TurnedAway>(await new LivenessDialer(B, tls: null).Dial(A, $"{listener.Address}", CancellationToken.None));
        Assert.IsType<DialResult.Connected>(await new LivenessDialer(B, own).Dial(A, $"{listener.Address}", CancellationToken.None));
    }

    [Fact]
    public async Task Who_listens_no_more_is_gone()
    {
        await listener.DisposeAsync();
        Assert.IsType<DialResult.Gone>(await new LivenessDialer(B, own).Dial(A, $"{listener.Address}", CancellationToken.None));
    }

    [Fact]
    public async Task Whoever_answers_in_a_dead_workers_place_is_not_taken_for_it()
    {
        var former = new WorkerIdentity("a", Start.AddSeconds(-1));
        Assert.IsType<DialResult.Gone>(await new LivenessDialer(B, own).Dial(former, $"{listener.Address}", CancellationToken.None));
    }

    [Theory]
    [InlineData("0.0.0.0:7100", null, "which other hosts can reach")]
    [InlineData("10.1.2.3:7100", null, "which other hosts can reach")]
    [InlineData("127.0.0.1:0", "cert.pem", "needs all three")]
    [InlineData("nowhere", null, "must be an IP address and a port")]
    public void Settings_that_would_let_anybody_in_are_refused(string listen, string? certificate, string problem) =>
        Assert.Contains(problem, Assert.Single(LivenessAddress.Problems(new LivenessOptions { Listen = listen, Certificate = certificate })), StringComparison.Ordinal);

    [Fact]
    public void What_the_others_are_told_leads_here()
    {
        var at = new IPEndPoint(IPAddress.Loopback, 7100);
        Assert.Equal("127.0.0.1:7100", LivenessAddress.ToTell(new LivenessOptions(), at));
        Assert.Equal("worker-1.local:7100", LivenessAddress.ToTell(new LivenessOptions { Advertise = "worker-1.local" }, at));
        Assert.Equal("worker-1.local:99", LivenessAddress.ToTell(new LivenessOptions { Advertise = "worker-1.local:99" }, at));
        Assert.Equal("[fd00::1]:7100", LivenessAddress.ToTell(new LivenessOptions { Advertise = "fd00::1" }, at));
        Assert.Equal($"{Dns.GetHostName()}:7100", LivenessAddress.ToTell(new LivenessOptions(), new IPEndPoint(IPAddress.Any, 7100)));
    }

    [Fact]
    public void A_file_that_is_missing_is_named() => Assert.Contains(
        "nowhere.pem", Assert.Throws<CordaOptionsException>(() => new LivenessTls(Files("cluster") with { Certificate = "nowhere.pem" })).Message, StringComparison.Ordinal);

    private LivenessOptions Files(string authority)
    {
        (string certificate, string key, string authorityFile) = WorkerCertificates.Make(folder.Path, authority);
        return new LivenessOptions { Certificate = certificate, Key = key, Authority = authorityFile };
    }
}
