using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging;

/// <summary>What every pattern of a worker shares.</summary>
/// <param name="Bus">The bus.</param>
/// <param name="InstanceId">Stable for a worker slot over restarts, unique among the workers of a cluster.</param>
/// <param name="Time">The only clock.</param>
/// <param name="Logger">Where the patterns log.</param>
internal sealed record PatternContext(IMessageBus Bus, string InstanceId, TimeProvider Time, ILogger Logger)
{
    /// <summary>Bytes of key and value of a record; larger ones are refused. Below Kafka's default of 1 MiB, with room for its headers.</summary>
    public int RecordBytesMax { get; init; } = 972_800;

    /// <summary>A loop without work comes round at least so often: the pulse that liveness is judged by.</summary>
    public TimeSpan PollWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Delays of a loop after failures of the bus. Short ones: the calls that fail wait themselves, and what is mended is noticed by the next.</summary>
    public BackOff FaultBackOff { get; init; } = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
}
