using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent.Store;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The partitions of a lane: assigned -> restoring -> restored -> live -> gone. Only live ones deliver events. Whatever belongs to a former ownership is
/// told by its claim not being the present one any more. Used by the lane's thread; only <see cref="OnRestored"/> and <see cref="OnRestoreFailed"/>
/// come from the follower's.
/// </summary>
internal sealed class Assignments<TState>(
    string lane, string stateTopic, StateFollower<TState> follower, IMessageBus bus, TimeProvider time, ILogger logger) : IAssignmentListener
    where TState : class
{
    private static readonly TimeSpan EndsPatience = TimeSpan.FromSeconds(1);
    private static long lastEpoch;

    private readonly Dictionary<int, StateClaim<TState>> owned = [];
    private readonly Dictionary<int, PartitionStates<TState>> live = [];
    private readonly Dictionary<int, long> restoringSince = [];
    private readonly ConcurrentQueue<StateClaim<TState>> restored = new();
    private readonly List<TopicPartition> toRestore = [];
    private Exception? restoreFailure;
    private volatile int restoringCount;

    /// <summary>Set by the lane once it has one: pauses, resumes, positions.</summary>
    public IGroupConsumer? Consumer { get; set; }

    /// <summary>
    /// Called for live partitions that go to somebody else in an orderly way, while the lane may still commit. Answers whether it is certain that the lane was
    /// their owner until now, and that the states are what is committed.
    /// </summary>
    public Func<IReadOnlyList<PartitionStates<TState>>, bool>? Leaving { get; set; }

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
            GiveBack(leaving);
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

        var begun = new List<StateClaim<TState>>();
        foreach (TopicPartition partition in toRestore)
        {
            var claim = new StateClaim<TState>(partition, Interlocked.Increment(ref lastEpoch), OnRestored, OnRestoreFailed);
            owned[partition.Partition] = claim;
            restoringSince[partition.Partition] = time.GetTimestamp();
            begun.Add(claim);
            MessagingLog.PartitionAssigned(logger, lane, partition.ToString(), claim.Epoch);
        }

        toRestore.Clear();
        restoringCount = restoringSince.Count;
        begun.ForEach(follower.Claim);
    }

    /// <summary>What has been restored since the last call and still is this lane's.</summary>
    /// <exception cref="MessagingTransientException">A restore failed; it is begun again by the next <see cref="StartRestores"/>.</exception>
    public IReadOnlyList<PartitionStates<TState>> TakeRestored()
    {
        if (Interlocked.Exchange(ref restoreFailure, null) is { } cause)
        {
            RestoreAgain(owned.Values.Where(claim => !live.ContainsKey(claim.EventPartition.Partition)));
            ExceptionDispatchInfo.Throw(cause);
        }

        if (restored.IsEmpty)
        {
            return [];
        }

        var taken = new List<PartitionStates<TState>>();
        while (restored.TryDequeue(out StateClaim<TState>? claim))
        {
            if (owned.GetValueOrDefault(claim.EventPartition.Partition) == claim)
            {
                taken.Add(claim.States!);
            }
            else
            {
                MessagingMetrics.DiscardedEpochs.Add(1);
                follower.LetGo(claim);
            }
        }

        return taken;
    }

    /// <summary>
    /// How far states go that are as of the lane's last commit. Only a commit that succeeds after this proves that nobody else has written meanwhile. Null where that
    /// cannot be told at once: the lane does not poll meanwhile, and the group may wait for it.
    /// </summary>
    public IReadOnlyDictionary<PartitionStates<TState>, StorePoint>? EndsOf(IReadOnlyList<PartitionStates<TState>> some)
    {
        Task<Dictionary<PartitionStates<TState>, StorePoint>> asking = OwnThread.Run(() => some.ToDictionary(static states => states, EndOf));
        return Task.WaitAny([asking], EndsPatience) >= 0 && asking.IsCompletedSuccessfully ? asking.Result : null;
    }

    private StorePoint EndOf(PartitionStates<TState> states)
    {
        // The time first: what is written between the two questions is before the end, or newer than the time.
        DateTimeOffset asOf = time.GetUtcNow();
        return new StorePoint(bus.OffsetsOf(new TopicPartition(stateTopic, states.EventPartition.Partition)).End, asOf);
    }

    /// <summary>Puts back what could not be made live just now.</summary>
    public void Return(IReadOnlyList<PartitionStates<TState>> states)
    {
        foreach (PartitionStates<TState> one in states)
        {
            restored.Enqueue(owned[one.EventPartition.Partition]);
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
            MessagingLog.PartitionRestored(logger, lane, one.EventPartition.ToString(), one.Count, one.Bytes, elapsed);
        }

        restoringCount = toRestore.Count + restoringSince.Count;
        Consumer!.Resume([.. states.Select(static one => one.EventPartition)]);
    }

    /// <summary>No events of what is live are delivered, until <see cref="Resume"/>.</summary>
    public void Pause() => Pause([.. live.Values.Select(static states => states.EventPartition)]);

    /// <summary>After <see cref="Pause()"/>.</summary>
    public void Resume() => Consumer!.Resume([.. live.Values.Select(static states => states.EventPartition)]);

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

    private void RestoreAgain(IEnumerable<StateClaim<TState>> claims)
    {
        List<TopicPartition> partitions = [.. claims.Select(static one => one.EventPartition)];
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
            if (owned.Remove(gone.Partition, out StateClaim<TState>? claim))
            {
                claim.Gone = true;
            }

            if (live.Remove(gone.Partition, out PartitionStates<TState>? states))
            {
                follower.LetGo(claim!);
            }

            MessagingLog.PartitionGone(logger, lane, gone.ToString(), how);
        }

        restoringCount = toRestore.Count + restoringSince.Count;
    }

    // The ends are asked for before the commit that clears the markers: as it succeeds the lane was the owner until then, and there is nothing below them that is not
    // in its states. What that commit has written itself is read again.
    private void GiveBack(IReadOnlyList<PartitionStates<TState>> leaving)
    {
        // A bus that does not even tell them takes no commit either, and whoever gets the partitions waits for this.
        if (EndsOf(leaving) is not { } ends || Leaving?.Invoke(leaving) != true)
        {
            return;
        }

        foreach ((PartitionStates<TState> states, StorePoint end) in ends)
        {
            live.Remove(states.EventPartition.Partition);
            follower.GiveBack(states, end);
        }
    }

    private void OnRestored(StateClaim<TState> claim)
    {
        restored.Enqueue(claim);
        Consumer?.Wakeup();
    }

    private void OnRestoreFailed(Exception cause)
    {
        Volatile.Write(ref restoreFailure, cause);
        Consumer?.Wakeup();
    }
}
