using Corda.Workers;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus.Embedded;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Configuration;

public sealed class WorkerHealthTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private readonly StubLifetime lifetime = new();
    private readonly StubWorker worker = new();
    private readonly EmbeddedBus bus;
    private readonly WorkersService service;
    private readonly WorkerHealth health;

    public WorkerHealthTests()
    {
        bus = new EmbeddedBus(new MemoryLogStore(), new EmbeddedBusOptions(), time, NullLogger<EmbeddedBus>.Instance);
        var subscriptions = new Subscriptions(new PatternContext(bus, "0", time, NullLogger.Instance));
        service = new WorkersService([(_, _) => worker], subscriptions, bus, new NoServices());
        health = new WorkerHealth(service, new HealthOptions(), lifetime, time, new BusProbe(bus, new HealthOptions(), time));
    }

    public Task InitializeAsync() => service.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await service.DisposeAsync();
        await bus.DisposeAsync();
        lifetime.Dispose();
    }

    [Fact]
    public void Ready_is_when_every_part_is_and_what_is_missing_is_told()
    {
        worker.Parts = [Part("one", ready: true), Part("two", ready: false) with { Problem = "restoring" }];
        Assert.Equal("flow, two: restoring", Assert.Single(health.Report().Missing));
        worker.Parts = [Part("one", ready: true), Part("two", ready: true)];
        Assert.Empty(health.Report().Missing);
    }

    [Fact]
    public void A_loop_without_progress_is_dead_after_the_timeout_and_not_before()
    {
        worker.Parts = [Part("loop", ready: true) with { LastProgress = time.GetUtcNow() }];
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(health.Report().Stuck);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("flow, loop: no progress for 31 s", health.Report().Stuck);
    }

    [Fact]
    public void A_loop_that_never_came_round_counts_from_the_start()
    {
        worker.Parts = [Part("loop", ready: false) with { LastProgress = default(DateTimeOffset) }];
        Assert.Empty(health.Report().Stuck);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Single(health.Report().Stuck);
    }

    [Fact]
    public void A_process_that_stops_is_not_ready_but_alive()
    {
        worker.Parts = [Part("loop", ready: true)];
        lifetime.StopApplication();
        Assert.Contains("the process is stopping", health.Report().Missing);
        Assert.Empty(health.Report().Stuck);
    }

    [Fact]
    public async Task A_worker_is_stopped_once_however_the_host_ends()
    {
        await service.StopAsync(CancellationToken.None);
        await service.DisposeAsync();
        Assert.Equal((1, 1), (worker.Starts, worker.Stops));
    }

    [Fact]
    public async Task Ready_is_only_who_can_write_to_the_bus()
    {
        worker.Parts = [Part("one", ready: true)];
        Assert.Empty((await health.ProbeAsync()).Missing);
        await bus.DisposeAsync();
        time.Advance(new HealthOptions().ProbeInterval);
        Assert.StartsWith("bus: ", Assert.Single((await health.ProbeAsync()).Missing));
    }

    private static PartHealth Part(string name, bool ready) => new(name, ready, LastProgress: null, Problem: null);

    private sealed class StubWorker : IWorker
    {
        public IReadOnlyList<PartHealth> Parts { get; set; } = [];

        public int Starts { get; private set; }

        public int Stops { get; private set; }

        public WorkerRole Role => WorkerRole.Flow;

        public void Start() => Starts++;

        public IReadOnlyList<PartHealth> Health() => Parts;

        public ValueTask DisposeAsync()
        {
            Stops++;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }

    private sealed class StubLifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => stopping.Cancel();

        public void Dispose() => stopping.Dispose();
    }
}
