using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>States of a partition that is followed, and how far they go. Belongs to the <see cref="StateFollower{TState}"/> and its thread.</summary>
internal sealed class FollowedStates<TState>(PartitionStates<TState> states)
    where TState : class
{
    private static readonly StorePoint FromBeginning = new(0, DateTimeOffset.MinValue);

    // Others wait meanwhile. A broker that is there answers in a few milliseconds.
    private static readonly TimeSpan AskPatience = TimeSpan.FromMilliseconds(50);

    private Task<long>? asking;

    // They were not read from the beginning, but from where the local copy ended.
    private bool goesOn;

    public PartitionStates<TState> States => states;

    /// <summary>Who waits for it; null for nobody.</summary>
    public StateClaim<TState>? Claim { get; set; }

    /// <summary>The end of the partition when it was claimed, or first read; null where it is to be asked for.</summary>
    public long? End { get; set; }

    /// <summary>The end of the partition, as of a moment after the last <see cref="ForgetEnd"/>. Null for not known yet: to be asked for again in the next turn.</summary>
    public long? AskForEnd(IPartitionReader reader, TopicPartition statePartition)
    {
        asking ??= OwnThread.Run(() => reader.EndOffset(statePartition));
        if (Task.WaitAny([asking], AskPatience) < 0)
        {
            return null;
        }

        Task<long> asked = asking;
        asking = null;
        return asked.Exception?.InnerException is MessagingTransientException ? null : asked.GetAwaiter().GetResult();
    }

    /// <summary>The end that is known or being asked for is not the present one any more.</summary>
    public void ForgetEnd() => (End, asking) = (null, null);

    /// <summary>How far the states go; null where it is to be seen whether the local copy can be gone on with.</summary>
    public StorePoint? Point { get; set; }

    /// <summary>The reader delivers it.</summary>
    public bool IsRead { get; set; }

    /// <summary>It is being read for the second time.</summary>
    public bool ReadAgain { get; set; }

    /// <summary>The offset that the states have to be read from.</summary>
    public long Begin(IMessageBus bus, TopicPartition statePartition, TimeProvider time)
    {
        if (Point is null && states.HasCopy)
        {
            OffsetRange offsets = bus.OffsetsOf(statePartition);
            Point = states.Open(new StateTopic(bus.TopicIdentity(statePartition.Topic), offsets.Begin, offsets.End), time.GetUtcNow());
            goesOn = Point is not null;
        }

        Point ??= FromBeginning;
        return Point.Value.CompleteTo;
    }

    /// <summary>What was read leaves doubts. It counts as one reading only if it began with the beginning.</summary>
    public void StartOver()
    {
        states.StartOver();
        ReadAgain = !goesOn;
        goesOn = false;
        ForgetEnd();
        Point = FromBeginning;
    }

    /// <summary>The local copy gets to know what it does not know yet where it is time to, and memory forgets what it has no room for.</summary>
    public void Tend(IPartitionReader? reader, TopicPartition statePartition, TimeProvider time)
    {
        if (states.WantsWriting())
        {
            states.Write(PointNow(reader, statePartition, time));
        }

        states.Trim();
    }

    /// <summary>The local copy gets to know all, and is written when this returns.</summary>
    public void Save(IPartitionReader? reader, TopicPartition statePartition, TimeProvider time)
    {
        if (states.HasCopy && Point is not null)
        {
            states.Save(PointNow(reader, statePartition, time));
        }
    }

    /// <summary>How far the states go just now. Who is at the end knows of everything up to now.</summary>
    private StorePoint PointNow(IPartitionReader? reader, TopicPartition statePartition, TimeProvider time)
    {
        // The time first: what comes between the two questions is before the end, or newer than the time.
        DateTimeOffset now = time.GetUtcNow();
        return IsAtEnd(reader, statePartition) ? Point!.Value with { AsOf = now } : Point!.Value;
    }

    private bool IsAtEnd(IPartitionReader? reader, TopicPartition statePartition)
    {
        try
        {
            return IsRead && reader is not null && reader.Position(statePartition) >= reader.EndOffset(statePartition);
        }
        catch (MessagingTransientException)
        {
            // Nobody can tell. Then the copy counts as of what was read last.
            return false;
        }
    }
}
