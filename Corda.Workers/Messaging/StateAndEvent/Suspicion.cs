namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// What lay in a partition when it was taken over: among it is whatever killed its former owner, if anything of it did. Over when all of it is worked off, the events to
/// the partition's end and what was due by then; what comes later is above suspicion. One thread.
/// </summary>
/// <param name="takenAt">When the partition was taken over.</param>
/// <param name="isCautious">The former owner died without having worked off what it had found.</param>
/// <param name="turnsMax">For so many batches at most inputs are taken one by one: all others in the lane wait for it.</param>
internal sealed class Suspicion(DateTimeOffset takenAt, bool isCautious, int turnsMax)
{
    private int turns;
    private bool cameToEnd;
    private bool nothingDue;

    /// <summary>Inputs are taken one by one.</summary>
    public bool OneByOne => isCautious && !IsOver && turns < turnsMax;

    /// <summary>Nothing is left of what was found.</summary>
    public bool IsOver => cameToEnd && nothingDue;

    /// <summary>A turn is over, and its batch, if there was one, is committed.</summary>
    /// <param name="isAtEnd">All events of the partition have been read.</param>
    /// <param name="nextDue">What comes next in it without an event.</param>
    public void Turn(bool isAtEnd, DateTimeOffset? nextDue)
    {
        turns++;
        cameToEnd |= isAtEnd;
        nothingDue |= nextDue is null || nextDue > takenAt;
    }
}
