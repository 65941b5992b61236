using System.Diagnostics.Metrics;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow;

/// <summary>What the flow role counts and times. Durations in seconds.</summary>
internal static class FlowMetrics
{
    private static readonly Meter Meter = new("Corda.Workers");
    private static readonly Counter<long> Started = Meter.CreateCounter<long>("corda.flow.started.count");
    private static readonly Counter<long> Ended = Meter.CreateCounter<long>("corda.flow.ended.count");
    private static readonly Counter<long> Suspensions = Meter.CreateCounter<long>("corda.flow.fiber.suspension.total.count");
    private static readonly Counter<long> Discarded = Meter.CreateCounter<long>("corda.flow.event.discarded.count");
    private static readonly Histogram<double> RunTime = Meter.CreateHistogram<double>("corda.flow.run.time", "s");
    private static readonly Histogram<double> SuspensionWait = Meter.CreateHistogram<double>("corda.flow.suspension.wait.time", "s");
    private static readonly Histogram<double> EventTime = Meter.CreateHistogram<double>("corda.flow.event.pipeline.execution.time", "s");
    private static readonly Histogram<double> SerializationTime = Meter.CreateHistogram<double>("corda.flow.fiber.serialization.time", "s");
    private static readonly Histogram<double> DeserializationTime = Meter.CreateHistogram<double>("corda.flow.fiber.deserialization.time", "s");

    public static void FlowStarted(RunningFlow flow) => Started.Add(1, new KeyValuePair<string, object?>("flow.class", flow.FlowClassName));

    public static void FlowEnded(RunningFlow flow, FlowState state, DateTimeOffset now)
    {
        var status = new KeyValuePair<string, object?>("status", state.ToString());
        Ended.Add(1, status);
        RunTime.Record((now - flow.CreatedAt).TotalSeconds, status, new KeyValuePair<string, object?>("flow.class", flow.FlowClassName));
    }

    public static void Suspended() => Suspensions.Add(1);

    public static void Resumed(RunningFlow flow, DateTimeOffset now) => SuspensionWait.Record((now - flow.UpdatedAt).TotalSeconds);

    public static void EventDiscarded() => Discarded.Add(1);

    public static Timing Event(TimeProvider clock) => new(EventTime, clock);

    public static Timing Serialization(TimeProvider clock) => new(SerializationTime, clock);

    public static Timing Deserialization(TimeProvider clock) => new(DeserializationTime, clock);

    /// <summary>Times until it is disposed; costs nothing while nobody listens.</summary>
    internal readonly struct Timing(Histogram<double> histogram, TimeProvider clock) : IDisposable
    {
        private readonly long start = histogram.Enabled ? clock.GetTimestamp() : 0;

        public void Dispose()
        {
            if (start != 0) histogram.Record(clock.GetElapsedTime(start).TotalSeconds);
        }
    }
}
