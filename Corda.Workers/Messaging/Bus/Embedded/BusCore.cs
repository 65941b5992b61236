using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>What the parts of one embedded bus share.</summary>
internal sealed record BusCore(
    EmbeddedBusOptions Options,
    TimeProvider Time,
    ILogger Logger,
    ILogStore Store,
    TopicTable Topics,
    GroupCoordinator Coordinator,
    CancellationToken Closing)
{
    public LogCursor CursorAt(PartitionLog log, long position) => new(log, Store, Options.ReadBytesMax, position);
}
