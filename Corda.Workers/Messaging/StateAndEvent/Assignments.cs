using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The partitions of a lane: assigned -> restoring -> restored -> live -> gone. Only live ones deliver events. Whatever belongs to a former ownership is
/// told by its object not being the present one any more. Used by the lane's thread; only <see cref="OnRestored"/> and <see cref="OnRestoreFailed"/>
/// come from restoring threads.
/// </summary>
internal sealed class Assignments<TState>(
    string lane, string stateTopic, int decodedMax, IMessageBus bus, TimeProvider time, ILogger logger) : IAssignmentListener
    where TState : class
{
    private static long lastEpoch;

    private readonly Dictionary<int, PartitionStates<TState>> owned = [];
    private readonly Dictionary<int, PartitionStates<TState>> live = [];
    private readonly Dictionary<int, long> restoringSince = [];
    private readonly ConcurrentQueue<PartitionStates<TState>> restored = new();
    private readonly List<TopicPartition> toRestore = [];
    private Exception? restoreFailure;
    private volatile int restoringCount;

    /// <summary>Set by the lane once it has one: pauses, resumes, positions.</summary>
    public IGroupConsumer? Consumer { get; set; }

    /// <summary>Called for live partitions that go to somebody else in an orderly way, while the lane may still commit.</summary>
    public Action<IReadOnlyList<PartitionStates<TState>>>? Leaving { get; set; }

    /// <summary>The partitions whose events are processed.</summary>
    public IReadOnlyDictionary<int, PartitionStates<TState>> Live => live;

    /// <summary>All that is assigned is live. Any thread.</summary>
    public bool AllLive => restoringCount == 0;

    /// <inheritdoc/>
    public void OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
        MessagingMetrics.Rebalances.Add(1);
        Pause(partitions);
        toRestore.AddRange(partitions);
        StartRestores();
    }

    /// <inheritdoc/>
    public void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        MessagingMetrics.Rebalances.Add(1);
        List<PartitionStates<TState>> leaving = [.. partitions.Where(p => live.ContainsKey(p.Partition)).Select(p => live[p.Partition])];
        if (leaving.Count > 0)
        {
            Leaving?.Invoke(leaving);
        }

        Drop(partitions, "revoked");
    }

    /// <inheritdoc/>
    public void OnLost(IReadOnlyCollection<TopicPartition> partitions)
    {
        MessagingMetrics.Rebalances.Add(1);
        Drop(partitions, "lost");
    }

    /// <summary>Begins to restore what has to be restored again after a failure.</summary>
    public void StartRestores()
    {
        if (toRestore.Count == 0)
        {
            return;
        }

        var begun = new List<PartitionStates<TState>>();
        foreach (TopicPartition partition in toRestore)
        {
            var states = new PartitionStates<TState>(partition, Interlocked.Increment(ref lastEpoch), decodedMax, OnRefused(partition));
            owned[partition.Partition] = states;
            restoringSince[partition.Partition] = time.GetTimestamp();
            begun.Add(states);
            MessagingLog.PartitionAssigned(logger, lane, partition.ToString(), states.Epoch);
        }

        toRestore.Clear();
        restoringCount = restoringSince.Count;
        var restore = new StateRestore<TState>(bus, stateTopic, OnRestored, OnRestoreFailed);
        restore.Start(begun, $"{lane}-restore");
    }

    /// <summary>What has been restored since the last call and still is this lane's.</summary>
    /// <exception cref="MessagingTransientException">A restore failed; it is begun again by the next <see cref="StartRestores"/>.</exception>
    public IReadOnlyList<PartitionStates<TState>> TakeRestored()
    {
        if (Interlocked.Exchange(ref restoreFailure, null) is { } cause)
        {
            RestoreAgain(owned.Values.Where(states => !live.ContainsKey(states.EventPartition.Partition)));
            ExceptionDispatchInfo.Throw(cause);
        }

        if (restored.IsEmpty)
        {
            return [];
        }

        var taken = new List<PartitionStates<TState>>();
        while (restored.TryDequeue(out PartitionStates<TState>? states))
        {
            if (ReferenceEquals(owned.GetValueOrDefault(states.EventPartition.Partition), states))
            {
                taken.Add(states);
            }
            else
            {
                MessagingMetrics.DiscardedEpochs.Add(1);
            }
        }

        return taken;
    }

    /// <summary>Puts back what could not be made live just now.</summary>
    public void Return(IReadOnlyList<PartitionStates<TState>> states)
    {
        foreach (PartitionStates<TState> one in states)
        {
            restored.Enqueue(one);
        }
    }

    /// <summary>From now on the partitions' events are delivered.</summary>
    public void MakeLive(IReadOnlyList<PartitionStates<TState>> states)
    {
        foreach (PartitionStates<TState> one in states)
        {
            int partition = one.EventPartition.Partition;
            live[partition] = one;
            restoringSince.Remove(partition, out long since);
            TimeSpan elapsed = time.GetElapsedTime(since);
            MessagingMetrics.RestoreTime.Record(elapsed.TotalSeconds);
            MessagingMetrics.StatesInMemory.Add(one.Bytes);
            MessagingLog.PartitionRestored(logger, lane, one.EventPartition.ToString(), one.Count, one.Bytes, elapsed);
        }

        restoringCount = toRestore.Count + restoringSince.Count;
        Consumer!.Resume([.. states.Select(static one => one.EventPartition)]);
    }

    /// <summary>Nobody knows what is committed: everything that is owned is read again.</summary>
    public void Invalidate() => RestoreAgain(owned.Values);

    /// <summary>The lane has nothing any more, without a word to anybody.</summary>
    public void Forget()
    {
        Drop([.. owned.Values.Select(static states => states.EventPartition)], "dropped");
        toRestore.Clear();
        restoringSince.Clear();
        restoringCount = 0;
        Consumer = null;
    }

    private void RestoreAgain(IEnumerable<PartitionStates<TState>> states)
    {
        List<TopicPartition> partitions = [.. states.Select(static one => one.EventPartition)];
        Drop(partitions, "restoring again");
        Pause(partitions);
        toRestore.AddRange(partitions);
        restoringCount = toRestore.Count + restoringSince.Count;
    }

    private void Pause(IReadOnlyCollection<TopicPartition> partitions)
    {
        if (partitions.Count > 0)
        {
            Consumer!.Pause(partitions);
        }
    }

    private void Drop(IReadOnlyCollection<TopicPartition> partitions, string how)
    {
        foreach (TopicPartition gone in partitions)
        {
            toRestore.Remove(gone);
            restoringSince.Remove(gone.Partition);
            if (owned.Remove(gone.Partition, out PartitionStates<TState>? states))
            {
                states.Gone = true;
            }

            if (live.Remove(gone.Partition))
            {
                MessagingMetrics.StatesInMemory.Add(-states!.Bytes);
            }

            MessagingLog.PartitionGone(logger, lane, gone.ToString(), how);
        }

        restoringCount = toRestore.Count + restoringSince.Count;
    }

    private void OnRestored(PartitionStates<TState> states)
    {
        restored.Enqueue(states);
        Consumer?.Wakeup();
    }

    private void OnRestoreFailed(Exception cause)
    {
        Volatile.Write(ref restoreFailure, cause);
        Consumer?.Wakeup();
    }

    private Action<byte[], string> OnRefused(TopicPartition partition) => (key, reason) =>
    {
        MessagingMetrics.RefusedStates.Add(1);
        MessagingLog.StateRefused(logger, $"{stateTopic}-{partition.Partition}", KeyComparer.Text(key), reason);
    };
}
