using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Reads state partitions from their beginning to their present end, on a thread of its own; each is handed over as soon as it is complete. One that
/// leaves doubts is read once more, and then believed: see the remarks of <see cref="PartitionStates{TState}"/>.
/// </summary>
/// <param name="bus">Where from.</param>
/// <param name="stateTopic">The topic of the states.</param>
/// <param name="onRestored">Called on the restoring thread; from then on the states belong to the lane.</param>
/// <param name="onFailed">Called on the restoring thread: none of those that are not handed over yet will be.</param>
internal sealed class StateRestore<TState>(
    IMessageBus bus, string stateTopic, Action<PartitionStates<TState>> onRestored, Action<Exception> onFailed)
    where TState : class
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    public void Start(IReadOnlyList<PartitionStates<TState>> partitions, string threadName) =>
        new Thread(() => Run(partitions)) { Name = threadName, IsBackground = true }.Start();

    private void Run(IReadOnlyList<PartitionStates<TState>> partitions)
    {
        try
        {
            var doubtful = new List<PartitionStates<TState>>();
            Read(partitions, states =>
            {
                if (states.Doubtful)
                {
                    doubtful.Add(states);
                }
                else
                {
                    HandOver(states);
                }
            });
            if (doubtful.Count > 0)
            {
                doubtful.ForEach(static states => states.StartOver());
                Read(doubtful, HandOver);
            }
        }
        catch (Exception cause)
        {
            onFailed(cause);
        }
    }

    private void HandOver(PartitionStates<TState> states)
    {
        states.Restored();
        onRestored(states);
    }

    private void Read(IReadOnlyList<PartitionStates<TState>> partitions, Action<PartitionStates<TState>> onComplete)
    {
        Dictionary<TopicPartition, PartitionStates<TState>> pending =
            partitions.ToDictionary(states => new TopicPartition(stateTopic, states.EventPartition.Partition));
        using IPartitionReader reader = bus.OpenReader([.. pending.Keys], StartAt.Beginning);
        Dictionary<TopicPartition, long> ends = pending.Keys.ToDictionary(static partition => partition, reader.EndOffset);
        while (TakeComplete(pending, ends, reader, onComplete))
        {
            foreach (ConsumedRecord record in reader.Poll(RecordsMax, PollWait))
            {
                // What comes after the end belongs to nobody: the partition has one owner, and that is the one who waits for us.
                if (pending.TryGetValue(record.Partition, out PartitionStates<TState>? states))
                {
                    states.Restore(record.Key, record.Value);
                }
            }
        }
    }

    private static bool TakeComplete(
        Dictionary<TopicPartition, PartitionStates<TState>> pending,
        Dictionary<TopicPartition, long> ends,
        IPartitionReader reader,
        Action<PartitionStates<TState>> onComplete)
    {
        foreach (TopicPartition unwanted in pending.Where(static one => one.Value.Gone).Select(static one => one.Key).ToList())
        {
            pending.Remove(unwanted);
        }

        foreach (TopicPartition complete in pending.Keys.Where(partition => reader.Position(partition) >= ends[partition]).ToList())
        {
            pending.Remove(complete, out PartitionStates<TState>? states);
            onComplete(states!);
        }

        return pending.Count > 0;
    }
}
