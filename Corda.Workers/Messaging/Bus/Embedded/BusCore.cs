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
    public LogCursor CursorAt(PartitionLog log, long position) => new(log, this, position);

    /// <summary>Reads from the store what is not in memory; see <see cref="ILogStore.Read"/>. Damage is told to the operator once.</summary>
    /// <exception cref="DamagedPartitionException">There is something else than was written.</exception>
    public LogSlice Read(PartitionLog log, long from, long to)
    {
        try
        {
            return Store.Read(log.Identity, from, to, Options.ReadBytesMax);
        }
        catch (DamagedPartitionException damage)
        {
            if (log.MarkDamaged(damage))
            {
                BusLog.PartitionDamaged(Logger, damage.Message, damage);
            }

            throw;
        }
    }
}
