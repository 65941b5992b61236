using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// The local copies of a process, and the memory that its states may take. A partition has one user at a time: whoever opens its copy ends the former's use of it.
/// Thread-safe.
/// </summary>
/// <param name="folder">Where the copies are, one file for each partition.</param>
/// <param name="bytesMax">The memory for states.</param>
/// <param name="time">For pauses between writings.</param>
/// <param name="logger">Told of what goes wrong.</param>
internal sealed class StateCache(string folder, long bytesMax, TimeProvider time, ILogger logger)
{
    // Writing shares the processors with the work itself: one copy at a time, another where that one waits for the disk.
    private const int WritersMax = 2;

    private readonly TaskScheduler writers = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, WritersMax).ConcurrentScheduler;
    private readonly StateBudget budget = new(bytesMax);
    private readonly Dictionary<TopicPartition, SqliteStateStore> open = [];

    /// <summary>The memory that states take now.</summary>
    public long Used => budget.Used;

    /// <summary>The entries of a partition, with its local copy.</summary>
    public StateEntries Open(TopicPartition statePartition)
    {
        lock (open)
        {
            open.GetValueOrDefault(statePartition)?.Dispose();
            var store = new SqliteStateStore(Path.Combine(folder, $"{statePartition}.db"), logger);
            open[statePartition] = store;
            return new StateEntries(new Spill(store, budget, writers, time, logger));
        }
    }
}
