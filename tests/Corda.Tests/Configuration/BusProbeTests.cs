using Corda.Tests.Bus;
using Corda.Tests.Support;
using Corda.Workers;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Configuration;

public sealed class BusProbeTests
{
    private readonly HealthOptions options = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [TmpfsFact]
    public async Task Full_disk_is_noticed_without_any_request_and_so_is_that_there_is_room_again()
    {
        using Tmpfs disk = new(megabytes: 4);
        await using EmbeddedBus bus = Open(new SqliteLogStore(new SqliteSettings { Folder = disk.Path }));
        BusProbe probe = new(bus, options, time);
        Assert.Null(await probe.ProblemAsync());

        string ballast = Path.Combine(disk.Path, "ballast");
        FillWith(ballast);
        time.Advance(options.ProbeInterval);
        Assert.Contains("free disk space", await probe.ProblemAsync());

        File.Delete(ballast);
        time.Advance(options.ProbeInterval);
        Assert.Null(await probe.ProblemAsync());
    }

    [Fact]
    public async Task Disk_that_stands_still_is_a_problem_after_the_timeout_and_is_not_asked_again_meanwhile()
    {
        BlockedStore store = new();
        await using EmbeddedBus bus = Open(store);
        BusProbe probe = new(bus, options, time);
        store.Block();

        Task<string?> asked = probe.ProblemAsync();
        Assert.False(asked.IsCompleted);
        time.Advance(options.ProbeTimeout);
        Assert.Contains("not been taken for 2 s", await asked);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains("not been taken for 62 s", await probe.ProblemAsync());

        store.Release();
        await Eventually.True(() => probe.ProblemAsync().Result is null, "the probe goes through", () => time.Advance(options.ProbeInterval));
    }

    [Fact]
    public async Task Asking_often_writes_seldom()
    {
        MemoryLogStore store = new();
        await using EmbeddedBus bus = Open(store);
        BusProbe probe = new(bus, options, time);

        for (int i = 0; i < 100; i++)
        {
            Assert.Null(await probe.ProblemAsync());
            time.Advance(options.ProbeInterval / 10);
        }

        Assert.Equal(10, store.LastSequence());
    }

    private static void FillWith(string file)
    {
        using FileStream ballast = new(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] block = new byte[4096];
        Action fill = () =>
        {
            while (true) ballast.Write(block);
        };
        Assert.Throws<IOException>(fill);
    }

    private EmbeddedBus Open(ILogStore store) => new(store, new EmbeddedBusOptions(), time, NullLogger<EmbeddedBus>.Instance);
}
