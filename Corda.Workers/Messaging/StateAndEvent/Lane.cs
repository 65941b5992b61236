using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// One member of the group: polls, has the batch worked off, commits it, and only then lets memory take the new states. One thread, that of its
/// <see cref="ConsumeLoop"/>; what others may call says so.
/// </summary>
/// <remarks>
/// A turn: (1) mend what the last failure left, (2) make restored partitions live, (3) tend the local copies of states, (4) poll, at most until the next due
/// time, (5) work the batch off, (6) commit, (7) apply. Recovery only takes notes and mends at the next turn, so that a recovery that fails is simply tried again.
/// </remarks>
internal sealed class Lane<TState, TEvent> : ILoopBody
    where TState : class
    where TEvent : class
{
    // The longest that a lane waits for events before it is a member, and looks again whether it is.
    private static readonly TimeSpan JoinWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan CopiesPause = TimeSpan.FromSeconds(10);

    private readonly LaneWork<TState, TEvent> work;
    private readonly StateAndEventSettings<TState, TEvent> settings;
    private readonly string name;
    private readonly IMessageBus bus;
    private readonly StateFollower<TState> follower;
    private readonly LaneProducer<TState, TEvent> producer;
    private readonly Assignments<TState> assignments;
    private readonly Caution<TState, TEvent> caution;
    private readonly BatchSize batchSize;
    private readonly Farewell farewell;
    private Task? warming;
    private volatile IGroupConsumer? consumer;
    private volatile bool joined;
    private TimeSpan joinWait;
    private bool rewind;
    private bool held;
    private bool newProducer;
    private bool tookDue;
    private bool closing;
    private bool met;
    private long? copiesPutOffAt;

    public Lane(LaneWork<TState, TEvent> work, string name, StateFollower<TState> follower, Farewell farewell, IMessageBus bus)
    {
        this.work = work;
        this.name = name;
        this.bus = bus;
        this.follower = follower;
        this.farewell = farewell;
        settings = work.Settings;
        producer = new LaneProducer<TState, TEvent>(settings, name, bus, work.Time);
        assignments = new Assignments<TState>(name, settings.StateTopic, follower, bus, work.Time, work.Logger) { Leaving = ClearMarkers };
        caution = new Caution<TState, TEvent>(settings, name, work.Owner, producer, work.Logger);
        batchSize = new BatchSize(settings.BatchMax, settings.BatchTimeMax);
    }

    /// <summary>It has joined its group and all it owns is restored. Any thread.</summary>
    public bool Ready => joined && assignments.AllLive;

    /// <summary>Makes a waiting turn end early. Any thread.</summary>
    public void Wakeup() => consumer?.Wakeup();

    /// <inheritdoc/>
    public void Turn()
    {
        if (!Mend())
        {
            return;
        }

        MakeRestoredLive();
        TendCopies();
        BatchInputs<TEvent> inputs = Inputs();

        // To ask costs a way to the client's own thread and back.
        if (!joined) joined = IsMember;
        if (inputs.Count == 0)
        {
            caution.NothingLeft(assignments.Live, consumer!);
            return;
        }

        try
        {
            Process(inputs);
        }
        catch
        {
            LaneInputs.GiveBack(inputs, assignments.Live);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Recover(LoopFault fault)
    {
        MessagingMetrics.Recoveries.Add(1);
        rewind = true;
        switch (fault)
        {
            case LoopFault.Transient:
                break;
            case LoopFault.Indefinite:
                producer.Close();
                assignments.Invalidate();
                break;
            case LoopFault.Evicted:
                // Whoever evicted it may have fenced the producer, but not one that is younger.
                LeftOut();
                if (!newProducer) producer.Close();
                break;
            case LoopFault.Fenced:
            case LoopFault.Unexpected:
            default:
                Leave();
                break;
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        closing = true;
        if (assignments.Live.Count == 0) Meet();
        consumer?.Dispose();
        Meet();
        consumer = null;
        assignments.Forget();
        producer.End();
    }

    // Who is not can commit nothing, and must get to the poll that tells it what is left to it.
    private bool IsMember => consumer!.Membership.IsProof;

    private void Leave()
    {
        LeftOut();
        assignments.Forget();
        IGroupConsumer? left = consumer;
        consumer = null;
        producer.Close();
        left?.Dispose();
    }

    // The first poll only joins, and often comes back as a member.
    private void LeftOut()
    {
        joined = false;
        joinWait = TimeSpan.Zero;
    }

    // False for not yet.
    private bool Mend()
    {
        try
        {
            return MakeReady();
        }
        catch (MessagingTransientException) when (consumer is not null)
        {
            KeepMembership();
            throw;
        }
    }

    // What is to be mended takes its time, and the group must not wait for this lane meanwhile: it lets go of what it is asked for, and takes nothing.
    private void KeepMembership()
    {
        assignments.Pause();
        held = true;
        rewind |= consumer!.Poll(1, TimeSpan.Zero).Count > 0;
    }

    // The producer comes first: opening it ends whatever its predecessor left open, so that offsets and states can be read to their end.
    private bool MakeReady()
    {
        newProducer = producer.Open();
        if (consumer is null)
        {
            bus.EnsureTopics(
            [
                new TopicSpec(settings.Events.Name, settings.Events.Cleanup),
                new TopicSpec(settings.StateTopic, Cleanup.Compact),
                new TopicSpec(settings.DeadLetterTopic.Name, settings.DeadLetterTopic.Cleanup),
            ]);
            warming ??= follower.Warm();
            if (!warming.Wait(settings.PollWait))
            {
                return false;
            }

            warming = null;
            consumer = bus.JoinGroup(settings.Group, name, [settings.Events.Name], assignments);
            assignments.Consumer = consumer;
            LeftOut();
            (rewind, held) = (false, false);
        }

        if (rewind)
        {
            consumer.Rewind();
            rewind = false;
        }

        if (held)
        {
            held = false;
            assignments.Resume();
        }

        assignments.StartRestores();
        return true;
    }

    private void MakeRestoredLive()
    {
        IReadOnlyList<PartitionStates<TState>> restored = assignments.TakeRestored();
        if (restored.Count == 0)
        {
            return;
        }

        if (!IsMember)
        {
            assignments.Return(restored);
            return;
        }

        try
        {
            caution.TakeOver(restored, consumer!, work.Time.GetUtcNow());
        }
        catch
        {
            assignments.Return(restored);
            throw;
        }

        assignments.MakeLive(restored);
    }

    // The ends first, then a commit that proves this lane to be the owner still, so that the ends are those of what it knows: who was put out without having noticed
    // would else believe to know what its successor has written.
    private void TendCopies()
    {
        List<PartitionStates<TState>> wanting = [.. assignments.Live.Values.Where(static states => states.WantsWriting())];
        if (wanting.Count > 0 && IsMember && (copiesPutOffAt is not { } at || work.Time.GetElapsedTime(at) > CopiesPause))
        {
            if (assignments.EndsOf(wanting) is { } ends)
            {
                producer.Commit([], wanting.ToDictionary(static states => states.EventPartition, static states => states.CommittedPosition), consumer!.Membership);
                wanting.ForEach(states => states.Write(ends[states]));
            }
            else
            {
                // Copies only save time; flows do not wait for them.
                copiesPutOffAt = work.Time.GetTimestamp();
            }
        }

        foreach (PartitionStates<TState> states in assignments.Live.Values)
        {
            states.Trim();
        }
    }

    private BatchInputs<TEvent> Inputs()
    {
        int inputsMax = Math.Min(caution.InputsMax(assignments.Live), batchSize.Max);

        // Where inputs are taken one by one an event leaves no room for what is due, and might for ever: they take turns.
        tookDue = inputsMax == 1 && !tookDue;
        return tookDue && Due() is { Count: > 0 } due ? due : Poll(inputsMax);
    }

    private BatchInputs<TEvent> Due() => LaneInputs.Collect<TState, TEvent>([], assignments.Live, work.Time.GetUtcNow(), inputsMax: 1);

    private BatchInputs<TEvent> Poll(int inputsMax)
    {
        TimeSpan wait = LaneInputs.WaitUntilDue(assignments.Live, work.Time.GetUtcNow(), settings.PollWait);
        IReadOnlyList<ConsumedRecord> records = consumer!.Poll(inputsMax, joined ? wait : joinWait);
        joinWait = JoinWait;
        return LaneInputs.Collect<TState, TEvent>(records, assignments.Live, work.Time.GetUtcNow(), inputsMax);
    }

    private void Process(BatchInputs<TEvent> inputs)
    {
        caution.Before(inputs, assignments.Live, consumer!, work.Condemned);
        long started = work.Time.GetTimestamp();
        BatchResult<TState, TEvent> result = WorkOff(inputs);
        TimeSpan elapsed = work.Time.GetElapsedTime(started);

        // Noted before the commit, which may never be: too slow a batch that came again as it was would end so again.
        batchSize.Worked(inputs.Count);
        IReadOnlyList<PartitionStates<TState>> settling = Caution<TState, TEvent>.Settling(result.Touched);
        Commit(result, inputs, settling);
        batchSize.Committed(inputs.Count, elapsed);
        MessagingMetrics.BatchSize.Record(inputs.Count);
        Apply(result);
        caution.After(inputs, assignments.Live, settling, consumer!);
    }

    private BatchResult<TState, TEvent> WorkOff(BatchInputs<TEvent> inputs)
    {
        bool strict = false;
        while (true)
        {
            var batch = new LaneBatch<TState, TEvent>(work, assignments.Live, inputs, strict);
            if (batch.Work() is { } result)
            {
                return result;
            }

            strict = true;
            MessagingLog.BatchRestarts(work.Logger, name, batch.RestartBecause!);
        }
    }

    private void Commit(BatchResult<TState, TEvent> result, BatchInputs<TEvent> inputs, IReadOnlyList<PartitionStates<TState>> settling)
    {
        // Also partitions without new events commit their position: the broker thereby checks that they still are this lane's.
        Dictionary<TopicPartition, long> positions = result.Touched.ToDictionary(
            static states => states.EventPartition, states => consumer!.Position(states.EventPartition));
        try
        {
            producer.Commit(result, caution.MarkersAfter(settling, consumer!), positions, consumer!.Membership);
        }
        catch (RecordRefusedException cause)
        {
            caution.Refused(inputs, assignments.Live, work.Condemned, cause);
            throw new MessagingTransientException($"The bus refused a record of the transaction; its input is looked for. {cause.Message}", cause);
        }

        foreach (PartitionStates<TState> states in result.Touched)
        {
            states.CommittedPosition = positions[states.EventPartition];
        }
    }

    private void Apply(BatchResult<TState, TEvent> result)
    {
        foreach ((PartitionKey key, string input) in result.Judged)
        {
            work.Condemned.Remove(key, input);
        }

        foreach (KeyChange<TState> change in result.Changes)
        {
            change.Owner.Apply(change.Key.Key, change.After, change.Value);
        }

        foreach (PartitionStates<TState> states in assignments.Live.Values)
        {
            states.Spilled.Read();
        }

        foreach (Write<TEvent> write in result.Writes.Where(static write => write.ToOwnKey))
        {
            assignments.Live.GetValueOrDefault(write.Record.Partition.Partition)?.Spilled.Written(write.Record.Key, write.Record.Value!);
        }

        MessagingMetrics.Batches.Add(1);
        MessagingMetrics.Chained.Add(result.Chained);
    }

    // While the producer is being opened nothing is certain, and the group waits for an answer.
    private bool ClearMarkers(IReadOnlyList<PartitionStates<TState>> leaving)
    {
        bool cleared = producer.IsOpen && caution.Clear(leaving, consumer!);
        if (closing) Meet();
        return cleared;
    }

    // Once: whoever has not come to it by its last word has nobody to wait for.
    private void Meet()
    {
        if (met) return;
        met = true;
        farewell.Meet();
    }
}
