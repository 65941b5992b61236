using System.Diagnostics.Metrics;

namespace Corda.Workers.Messaging;

/// <summary>The numbers of the message patterns. Names as in Corda 5 where it has them; times in seconds.</summary>
internal static class MessagingMetrics
{
    public static readonly Histogram<double> StepTime = Meter.CreateHistogram<double>("messaging.processor.time", "s", "One step of a processor");
    public static readonly Histogram<long> BatchSize = Meter.CreateHistogram<long>("consumer.batch.size", null, "Inputs of one transaction");
    public static readonly Histogram<double> CommitTime = Meter.CreateHistogram<double>("messaging.commit.time", "s", "One commit");
    public static readonly Histogram<double> RestoreTime = Meter.CreateHistogram<double>("messaging.restore.time", "s", "Restoring the states of a partition");
    public static readonly Counter<long> Batches = Meter.CreateCounter<long>("messaging.batch.count", null, "Transactions committed");
    public static readonly Counter<long> Chained = Meter.CreateCounter<long>("messaging.chained.count", null, "Events processed without a trip through the log");
    public static readonly Counter<long> Rebalances = Meter.CreateCounter<long>("messaging.rebalance.count", null, "Changes of assigned partitions");
    public static readonly Counter<long> DiscardedEpochs =
        Meter.CreateCounter<long>("messaging.epoch.discarded.count", null, "Results of a former ownership that were dropped");
    public static readonly Counter<long> RefusedStates =
        Meter.CreateCounter<long>("messaging.state.refused.count", null, "State records that do not follow their predecessor or cannot be read");
    public static readonly Counter<long> Duplicates = Meter.CreateCounter<long>("messaging.duplicate.count", null, "Events their state already contained");
    public static readonly Counter<long> Parked = Meter.CreateCounter<long>("messaging.parked.count", null, "Keys parked after a transient failure");
    public static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>("event.processor.failure.count", null, "Inputs that went to the dead letters");
    public static readonly Counter<long> StuckSteps = Meter.CreateCounter<long>("messaging.step.stuck.count", null, "Steps the watchdog gave up");
    public static readonly Counter<long> Recoveries = Meter.CreateCounter<long>("consumer.processor.failure.count", null, "Recoveries of consume loops");
    public static readonly UpDownCounter<long> StatesInMemory =
        Meter.CreateUpDownCounter<long>("consumer.partitioned.inmemory.store", "By", "Bytes of states in memory");

    private static Meter Meter => Meters.Workers;

    // A nested holder: static fields above are initialised in textual order, this one when it is first needed.
    private static class Meters
    {
        public static readonly Meter Workers = new("Corda.Workers");
    }
}
