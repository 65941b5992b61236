namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// What lay in a partition when it was taken over: among it is whatever killed its former owner, if anything of it did. All of that is the events to the partition's end
/// and what was due by then; what comes later is above suspicion. One thread.
/// </summary>
/// <param name="takenAt">When the partition was taken over.</param>
/// <param name="isCautious">The former owner died without having worked off what it had found.</param>
/// <param name="inputsMax">So many inputs of the partition at most are taken one by one: as many as a batch has, for what killed the former owner was in its first one.</param>
internal sealed class Suspicion(DateTimeOffset takenAt, bool isCautious, int inputsMax)
{
    /// <summary>For so many batches of the lane at most inputs are taken one by one, whichever partitions they are of: all of them wait for that.</summary>
    public const int BatchesMax = 500;

    /// <summary>
    /// How far the clocks of workers may differ. What killed a former owner as due may not be due by this clock yet; who said too early that nothing was left would hide it
    /// from the next.
    /// </summary>
    public static readonly TimeSpan ClockDifferenceMax = TimeSpan.FromSeconds(10);

    private int inputs;
    private int batches;
    private bool cameToEnd;
    private bool nothingDue;
    private bool nothingDueByAnyClock;

    /// <summary>Inputs are taken one by one.</summary>
    public bool OneByOne => isCautious && !(cameToEnd && nothingDue) && inputs < inputsMax && batches < BatchesMax;

    /// <summary>Nothing is left of what was found, by any worker's clock.</summary>
    public bool IsOver => cameToEnd && nothingDueByAnyClock;

    /// <summary>A batch of the lane is committed.</summary>
    /// <param name="wasTried">It was an input of this partition, alone.</param>
    /// <param name="isAtEnd">All events of the partition have been read.</param>
    /// <param name="nextDue">What comes next in it without an event.</param>
    public void BatchEnded(bool wasTried, bool isAtEnd, DateTimeOffset? nextDue)
    {
        inputs += wasTried ? 1 : 0;
        batches++;
        Look(isAtEnd, nextDue);
    }

    /// <summary>The lane had nothing to do.</summary>
    /// <param name="isAtEnd">As in <see cref="BatchEnded"/>.</param>
    /// <param name="nextDue">As in <see cref="BatchEnded"/>.</param>
    public void Look(bool isAtEnd, DateTimeOffset? nextDue)
    {
        cameToEnd |= isAtEnd;
        nothingDue |= nextDue is null || nextDue > takenAt;
        nothingDueByAnyClock |= nextDue is null || nextDue > takenAt + ClockDifferenceMax;
    }
}
