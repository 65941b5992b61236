using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>The transactions of a lane: what goes into them, and the producer they go through. Used by the lane's thread.</summary>
internal sealed class LaneProducer<TState, TEvent>(
    StateAndEventSettings<TState, TEvent> settings, string transactionalId, IMessageBus bus, TimeProvider time)
    where TState : class
    where TEvent : class
{
    // The lane polls in between: who does not is put out of its group in the end, and until then all wait for it.
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(1);

    private ITransactionalProducer? producer;
    private Task<ITransactionalProducer>? opening;
    private bool unwanted;

    /// <summary>Transactions can be committed just now.</summary>
    public bool IsOpen => producer is not null;

    /// <summary>Opens the producer if it is not: every former one with this id is fenced from then on. Waits a moment only, as it may take long while brokers are away.</summary>
    /// <returns>Whether it was opened just now.</returns>
    /// <exception cref="MessagingTransientException">It is not open yet; the next call waits on.</exception>
    public bool Open()
    {
        if (producer is not null)
        {
            return false;
        }

        opening ??= OwnThread.Run(() => bus.OpenTransactional(transactionalId));
        if (Task.WaitAny([opening], OpenPatience) < 0)
        {
            throw new MessagingTransientException($"the producer '{transactionalId}' is not ready yet");
        }

        Task<ITransactionalProducer> opened = opening;
        opening = null;
        ITransactionalProducer made = opened.GetAwaiter().GetResult();
        if (unwanted)
        {
            // Fenced by now, perhaps: the next one is sure to be younger than whoever has fenced it.
            unwanted = false;
            made.Dispose();
            return Open();
        }

        producer = made;
        return true;
    }

    /// <summary>Commits a batch: outputs first, then the states, dead letters and markers; with the positions it has come to.</summary>
    public void Commit(
        BatchResult<TState, TEvent> result, IReadOnlyList<OutgoingRecord> markers, IReadOnlyDictionary<TopicPartition, long> positions, GroupMembership membership)
    {
        var records = new List<OutgoingRecord>(result.Writes.Count + result.Changes.Count + result.DeadLetters.Count + markers.Count);
        records.AddRange(result.Writes.Select(static write => write.Record));
        records.AddRange(result.Changes.Select(change => new OutgoingRecord(StatePartition(change.Key.Partition), change.Key.Key, change.After?.Bytes)));
        records.AddRange(result.DeadLetters.SelectMany(letter => DeadLetterRecords.Of(settings.DeadLetterTopic, letter, settings.RecordBytesMax)));
        records.AddRange(markers);
        Commit(records, positions, membership);
    }

    public void Commit(IReadOnlyList<OutgoingRecord> records, IReadOnlyDictionary<TopicPartition, long> positions, GroupMembership membership)
    {
        if (positions.Count > 0 && membership.MemberId.Length == 0)
        {
            throw new MessagingTransientException($"a member of group '{membership.Group}' is out of it just now, and commits nothing; its next poll tells what it owns");
        }

        Open();
        long started = time.GetTimestamp();
        producer!.Commit(records, positions, membership);
        MessagingMetrics.CommitTime.Record(time.GetElapsedTime(started).TotalSeconds);
    }

    public OutgoingRecord MarkerRecord(int partition, CrashMarker? marker) =>
        new(StatePartition(partition), PartitionStates<TState>.MarkerKey, marker?.Encode());

    /// <summary>Lets go of the producer; it is opened again when it is needed.</summary>
    public void Close()
    {
        producer?.Dispose();
        producer = null;
        unwanted = opening is not null;
    }

    /// <summary>As <see cref="Close"/>, for good.</summary>
    public void End()
    {
        Close();
        _ = opening?.ContinueWith(static late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    private TopicPartition StatePartition(int partition) => new(settings.StateTopic, partition);
}
