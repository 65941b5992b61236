using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>A lane's wish for the states of a partition it was assigned. Made and given up by the lane, fulfilled by the <see cref="StateFollower{TState}"/>.</summary>
/// <param name="eventPartition">The partition of the event topic.</param>
/// <param name="epoch">Rises with every assignment in this process.</param>
/// <param name="onComplete">Called on the follower's thread with the states; from then on they belong to the lane.</param>
/// <param name="onFailed">Called on the follower's thread: this claim comes to nothing.</param>
internal sealed class StateClaim<TState>(
    TopicPartition eventPartition, long epoch, Action<StateClaim<TState>> onComplete, Action<Exception> onFailed)
    where TState : class
{
    private bool gone;

    public TopicPartition EventPartition => eventPartition;

    public long Epoch => epoch;

    /// <summary>The states, once they are complete.</summary>
    public PartitionStates<TState>? States { get; private set; }

    /// <summary>The ownership is over; nobody wants what is still being read. Set by the lane.</summary>
    public bool Gone
    {
        get => Volatile.Read(ref gone);
        set => Volatile.Write(ref gone, value);
    }

    public void Complete(PartitionStates<TState> states)
    {
        states.BeginOwnership(epoch);
        States = states;
        onComplete(this);
    }

    public void Fail(Exception cause) => onFailed(cause);
}
