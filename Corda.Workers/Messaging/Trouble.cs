namespace Corda.Workers.Messaging;

/// <summary>What a loop has failed with since its last turn that ended well: how often, and what of it is news. Used by one thread.</summary>
internal sealed class Trouble(TimeProvider time)
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(30);

    private LoopFault fault;
    private long began;
    private long told;

    /// <summary>Since the last turn that ended well.</summary>
    public int Failures { get; private set; }

    /// <summary>Of the same kind, one after the other: a loop that fails differently has got further, and need not wait for that.</summary>
    public int InARow { get; private set; }

    /// <summary>How long it has lasted.</summary>
    public TimeSpan Since => time.GetElapsedTime(began);

    /// <summary>One more failure.</summary>
    /// <returns>Whether it is news: of another kind than the last, or the last was told long ago.</returns>
    public bool Add(LoopFault next)
    {
        long now = time.GetTimestamp();
        InARow = Failures > 0 && next == fault ? InARow + 1 : 1;
        if (Failures++ == 0)
        {
            began = now;
        }

        bool isNews = InARow == 1 || time.GetElapsedTime(told, now) >= TellEvery;
        if (isNews)
        {
            told = now;
        }

        fault = next;
        return isNews;
    }

    /// <summary>It is over.</summary>
    public void Clear() => (Failures, InARow) = (0, 0);
}
