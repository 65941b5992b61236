using Corda.Tests.Compliance;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Bus;

/// <summary>The compliance suite on an embedded bus whose time stands still but where a test moves it.</summary>
public abstract class EmbeddedBusCompliance : MessageBusCompliance
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private protected virtual EmbeddedBusOptions Options { get; } = new()
    {
        RecordBytesMax = 100_000,
        CompactionBytesMin = 1,
        CompactionKeysMax = 30,
    };

    protected override int TooManyBytes => Options.RecordBytesMax + 1;

    private protected abstract ILogStore NewStore();

    protected override IMessageBus Open() =>
        new EmbeddedBus(NewStore(), Options, time, NullLogger<EmbeddedBus>.Instance);

    protected override Task PassMemberTimeout()
    {
        time.Advance(Options.MemberTimeout * 1.5);
        return Task.CompletedTask;
    }

    /// <summary>Begins a round of maintenance; it goes on while the test reads, which is just the trouble that it must not make.</summary>
    protected override Task Compact(string topic)
    {
        time.Advance(Options.MaintenanceInterval * 2);
        return Task.CompletedTask;
    }
}
