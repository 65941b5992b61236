namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// How many inputs a transaction takes: halved after one that was slow to work off or did not commit, doubled after full ones that were quick. A batch that takes so
/// long that its lane is put out of the group would come again just as it was, for ever; so would one that is too much for the bus. One thread.
/// </summary>
/// <param name="max">At most so many.</param>
/// <param name="timeMax">What it may take to work one off.</param>
internal sealed class BatchSize(int max, TimeSpan timeMax)
{
    private int? reduced;
    private int before;

    /// <summary>How many the next one may have.</summary>
    public int Max => reduced ?? max;

    /// <summary>A batch was worked off. It counts as failed until it is committed.</summary>
    public void Worked(int inputs)
    {
        before = Max;
        reduced = Math.Max(1, Math.Min(inputs, before) / 2);
    }

    /// <summary>It is committed.</summary>
    /// <param name="inputs">How many it had.</param>
    /// <param name="elapsed">What it took to work it off.</param>
    public void Committed(int inputs, TimeSpan elapsed)
    {
        if (elapsed <= timeMax)
        {
            reduced = inputs >= before && elapsed <= timeMax / 4 ? Math.Min(max, before * 2) : before;
        }
    }
}
