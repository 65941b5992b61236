using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers;

/// <summary>
/// Whether the bus takes writes. Found out by a tiny record of its own on the way that all commits go, and only when somebody asks: a full disk or a lost broker shows
/// before the first request is refused. Thread-safe.
/// </summary>
internal sealed class BusProbe(IMessageBus bus, HealthOptions options, TimeProvider time)
{
    // One key of a compacted topic: the probes never amount to anything.
    private static readonly TopicSpec Topic = new("health.probe", Cleanup.Compact);
    private static readonly OutgoingRecord Record = new(new TopicPartition(Topic.Name, 0), "probe"u8.ToArray(), []);

    private readonly Lock gate = new();
    private IBatchProducer? producer;
    private Task? write;
    private long begun;

    /// <summary>What keeps the bus from taking records, for people; null for nothing. Waits for <see cref="HealthOptions.ProbeTimeout"/> at the longest.</summary>
    public async Task<string?> ProblemAsync()
    {
        (Task latest, TimeSpan age) = Latest();
        try
        {
            TimeSpan left = options.ProbeTimeout - age;
            await latest.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            return null;
        }
        catch (TimeoutException)
        {
            return $"a record has not been taken for {time.GetElapsedTime(begun).TotalSeconds:0} s";
        }
        catch (Exception refused)
        {
            return refused.Message;
        }
    }

    /// <summary>The newest write and its age. However often it is asked for, there is one at a time and one an interval.</summary>
    private (Task Write, TimeSpan Age) Latest()
    {
        lock (gate)
        {
            if (write is null || (write.IsCompleted && time.GetElapsedTime(begun) >= options.ProbeInterval))
            {
                begun = time.GetTimestamp();
                write = Task.Run(WriteAsync); // The bus may make its caller wait.
            }

            return (write, time.GetElapsedTime(begun));
        }
    }

    private Task WriteAsync()
    {
        bus.EnsureTopics([Topic]);
        producer ??= bus.OpenProducer("health");
        return producer.WriteAsync([Record]);
    }
}
