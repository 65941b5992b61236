using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Reads state partitions for the lanes of a subscription: one reader, one thread. What a lane was assigned is read to its present end and handed over.
/// With a warm standby all other partitions are followed as well, so that there is next to nothing left to read when one of them is assigned: taking over
/// costs a tail, not a topic. What a lane waits for goes first: others are begun when it has been read.
/// </summary>
/// <remarks>
/// <para>A partition is followed, or claimed (followed until its end of the moment, then handed over), or with a lane. A lane gives it back with the offset
/// that its states are complete up to.</para>
/// <para>A partition that leaves doubts is read once more from its beginning, and then believed: see the remarks of <see cref="PartitionStates{TState}"/>.
/// One whose local copy was gone on with is read from its beginning first.</para>
/// <para>All but <see cref="Warm"/>, <see cref="Claim"/>, <see cref="GiveBack"/>, <see cref="LetGo"/>,
/// <see cref="Lag"/> and <see cref="Dispose"/> runs on it.</para>
/// </remarks>
internal sealed class StateFollower<TState> : IDisposable, RequestThread.IBody
    where TState : class
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    private readonly string stateTopic;
    private readonly bool keepsWarm;
    private readonly Func<int, PartitionStates<TState>> create;
    private readonly IMessageBus bus;
    private readonly TimeProvider time;
    private readonly RequestThread thread;
    private readonly Dictionary<int, FollowedStates<TState>> copies = [];
    private readonly Dictionary<int, StateClaim<TState>> withLanes = [];
    private readonly StandbyLag lag;
    private IPartitionReader? reader;

    /// <summary>Makes one that follows nothing yet.</summary>
    /// <param name="name">For the thread.</param>
    /// <param name="stateTopic">The topic of the states.</param>
    /// <param name="keepsWarm">Whether partitions that no lane owns are followed.</param>
    /// <param name="create">Makes empty states of a partition.</param>
    /// <param name="bus">Where from.</param>
    /// <param name="time">For pauses.</param>
    public StateFollower(
        string name, string stateTopic, bool keepsWarm, Func<int, PartitionStates<TState>> create, IMessageBus bus, TimeProvider time)
    {
        this.stateTopic = stateTopic;
        this.keepsWarm = keepsWarm;
        this.create = create;
        this.bus = bus;
        this.time = time;
        lag = new StandbyLag(time);
        thread = new RequestThread(name, this);
    }

    /// <inheritdoc/>
    bool RequestThread.IBody.HasWork => copies.Count > 0;

    /// <summary>How many records the warm copies were behind when it was last looked, a few seconds ago; null where there are none. Any thread.</summary>
    public long? Lag => lag.Records;

    /// <summary>
    /// Begins to follow what no lane owns, where copies are kept warm: to be called before a lane joins its group, so that it finds what it is assigned. May be
    /// repeated. Any thread.
    /// </summary>
    /// <returns>
    /// Completes when the local copies are opened, or cannot be. To check them takes seconds where they are large: whoever joins earlier takes partitions from workers that
    /// serve them, and lets their flows stand for so long.
    /// </returns>
    public Task Warm()
    {
        if (!keepsWarm)
        {
            return Task.CompletedTask;
        }

        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Post(() =>
        {
            try
            {
                FollowTheOthers();
            }
            finally
            {
                opened.SetResult();
            }
        });
        return opened.Task;
    }

    /// <summary>Fulfils a claim, sooner or later, unless it is gone by then. Any thread.</summary>
    public void Claim(StateClaim<TState> claim) => thread.Post(() => Begin(claim));

    /// <summary>A lane gives back states that are whole. Any thread; the lane does not touch them again.</summary>
    /// <param name="states">As of the lane's last commit.</param>
    /// <param name="point">How far they go in the state partition: to its end before anybody else could write.</param>
    public void GiveBack(PartitionStates<TState> states, StorePoint point) => thread.Post(() =>
    {
        int partition = states.EventPartition.Partition;
        states.EndOwnership();
        withLanes.Remove(partition);
        if (keepsWarm && !thread.Stopped && !copies.ContainsKey(partition))
        {
            Follow(states, point);
        }
        else
        {
            states.Save(point);
            states.Dispose();
        }
    });

    /// <summary>A lane has lost what it had claimed; what it knew of it counts for nothing. Any thread.</summary>
    public void LetGo(StateClaim<TState> claim) => thread.Post(() =>
    {
        claim.States?.Dispose();
        if (withLanes.GetValueOrDefault(claim.EventPartition.Partition) == claim)
        {
            withLanes.Remove(claim.EventPartition.Partition);
            FollowTheOthers();
        }
    });

    /// <summary>Nothing is followed any more. Any thread; waits until what was given back and followed is kept in the local copies, but not for ever.</summary>
    public void Dispose() => thread.Stop();

    /// <inheritdoc/>
    void RequestThread.IBody.Close() => CloseReader();

    /// <inheritdoc/>
    void RequestThread.IBody.Turn()
    {
        if (thread.Stopped)
        {
            End();
            return;
        }

        DropUnwanted();
        Open();
        bool hadClaims = copies.Values.Any(static copy => copy.Claim is not null);
        foreach (FollowedStates<TState> copy in copies.Values.Where(static copy => copy.IsRead).ToList())
        {
            Advance(copy);
        }

        // Nothing is left to read, or a claim was fulfilled and the next turn begins with others.
        if (copies.Count == 0 || (copies.Values.All(static copy => copy.Claim is null) && hadClaims))
        {
            return;
        }

        foreach (ConsumedRecord record in reader!.Poll(RecordsMax, PollWait))
        {
            // What a partition delivers after it was handed over belongs to nobody: its owner has it already.
            if (copies.TryGetValue(record.Partition.Partition, out FollowedStates<TState>? copy))
            {
                copy.States.Restore(record.Key, record.Value);
                copy.Point = new StorePoint(record.Offset + 1, record.Timestamp);
            }
        }

        foreach (FollowedStates<TState> copy in copies.Values.Where(static copy => copy.IsRead))
        {
            copy.Tend(reader, StatePartition(copy.States.EventPartition.Partition), time);
        }

        if (keepsWarm)
        {
            lag.Look(RecordsBehind);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Who waits is told and asks again. Warm copies are as good as before if the bus only could not be read for now.</remarks>
    void RequestThread.IBody.Fail(Exception cause)
    {
        CloseReader();
        List<StateClaim<TState>> failed = [.. copies.Values.Select(static copy => copy.Claim).OfType<StateClaim<TState>>()];
        if (keepsWarm && cause is MessagingTransientException)
        {
            foreach (FollowedStates<TState> copy in copies.Values)
            {
                copy.Claim = null;
            }
        }
        else
        {
            foreach (FollowedStates<TState> copy in copies.Values)
            {
                copy.States.Dispose();
            }

            copies.Clear();
        }

        failed.ForEach(claim => claim.Fail(cause));
        if (keepsWarm)
        {
            thread.Rest();
            thread.Post(FollowTheOthers);
        }
    }

    private TopicPartition StatePartition(int partition) => new(stateTopic, partition);

    private void End()
    {
        foreach (FollowedStates<TState> copy in copies.Values.ToList())
        {
            int partition = copy.States.EventPartition.Partition;
            copy.Save(reader, StatePartition(partition), time);
            Forget(partition);
            copy.States.Dispose();
        }
    }

    private void Begin(StateClaim<TState> claim)
    {
        if (claim.Gone)
        {
            return;
        }

        int partition = claim.EventPartition.Partition;
        FollowedStates<TState> copy = copies.GetValueOrDefault(partition) ?? Follow(create(partition), null);
        copy.Claim = claim;
        copy.ForgetEnd();
        FollowTheOthers();
    }

    private void FollowTheOthers()
    {
        if (!keepsWarm)
        {
            return;
        }

        for (int partition = 0; partition < bus.PartitionCount(stateTopic); partition++)
        {
            if (!withLanes.ContainsKey(partition) && !copies.ContainsKey(partition))
            {
                Follow(create(partition), null);
            }
        }
    }

    private FollowedStates<TState> Follow(PartitionStates<TState> states, StorePoint? point) =>
        copies[states.EventPartition.Partition] = new FollowedStates<TState>(states) { Point = point };

    // What is to be read now and is not yet: what a lane waits for, or else all.
    private IEnumerable<KeyValuePair<int, FollowedStates<TState>>> Unread()
    {
        bool isWaitedFor = copies.Values.Any(static copy => copy.Claim is not null);
        return copies.Where(one => !one.Value.IsRead && (one.Value.Claim is not null || !isWaitedFor));
    }

    // After a failure everything is read on from where it really was taken.
    private void Open()
    {
        if (reader is null)
        {
            reader = bus.OpenReader([], StartAt.Beginning, ReaderPace.Thrifty);
            thread.WaitOn(reader);

            foreach (FollowedStates<TState> copy in copies.Values)
            {
                copy.IsRead = false;
            }
        }

        foreach ((int partition, FollowedStates<TState> copy) in Unread().ToList())
        {
            copy.IsRead = TryRead(partition, copy);
        }
    }

    // A partition without a leader holds up none of the others; the next turn tries again.
    private bool TryRead(int partition, FollowedStates<TState> copy)
    {
        try
        {
            reader!.Add(StatePartition(partition), copy.Begin(bus, StatePartition(partition), time));
            return true;
        }
        catch (MessagingTransientException)
        {
            return false;
        }
    }

    private void Forget(int partition)
    {
        if (copies.Remove(partition, out FollowedStates<TState>? copy) && copy.IsRead)
        {
            reader?.Remove(StatePartition(partition));
        }
    }

    private void DropUnwanted()
    {
        foreach ((int partition, FollowedStates<TState> copy) in copies.Where(static one => one.Value.Claim is { Gone: true }).ToList())
        {
            copy.Claim = null;
            if (!keepsWarm)
            {
                Forget(partition);
                copy.States.Dispose();
            }
        }
    }

    private void Advance(FollowedStates<TState> copy)
    {
        int partition = copy.States.EventPartition.Partition;
        TopicPartition statePartition = StatePartition(partition);

        // Asked for after the assignment: nobody else's commit can come after it.
        copy.End ??= copy.AskForEnd(reader!, statePartition);
        if (copy.End is null || reader!.Position(statePartition) < copy.End)
        {
            return;
        }

        if (copy.States.Doubtful && !copy.ReadAgain)
        {
            copy.StartOver();
            reader.Remove(statePartition);
            copy.IsRead = TryRead(partition, copy);
        }
        else if (copy.Claim is { Gone: false } claim)
        {
            Forget(partition);
            withLanes[partition] = claim;
            copy.States.Restored();
            claim.Complete(copy.States);
        }
        else if (copy.ReadAgain)
        {
            copy.States.Believe();
            copy.ReadAgain = false;
        }
    }

    private void CloseReader()
    {
        thread.WaitOn(null);
        reader?.Dispose();
        reader = null;
    }

    // Where they are is told here; to ask for the ends may take long where a partition has no leader, and nobody waits for this number.
    private Func<long> RecordsBehind()
    {
        List<(TopicPartition Partition, long At)> places =
            [.. copies.Where(static one => one.Value.IsRead).Select(one => StatePartition(one.Key)).Select(partition => (partition, reader!.Position(partition)))];
        return () => places.Sum(place => Math.Max(0, bus.OffsetsOf(place.Partition).End - place.At));
    }
}
