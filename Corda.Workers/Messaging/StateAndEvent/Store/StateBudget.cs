namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// How much memory the states of a process may take, all partitions together: those of lanes and those kept warm. As long as the whole has room each takes what it
/// needs; beyond, whoever has more than an equal share gives of it. Thread-safe.
/// </summary>
/// <param name="bytesMax">The whole.</param>
internal sealed class StateBudget(long bytesMax)
{
    private long used;
    private int partitions;

    public long BytesMax => bytesMax;

    public long Used => Interlocked.Read(ref used);

    /// <summary>An equal share.</summary>
    public long Share => bytesMax / Math.Max(1, Volatile.Read(ref partitions));

    /// <summary>So far over the budget that whoever makes it more should wait.</summary>
    public bool IsFarExceeded => Used > bytesMax + (bytesMax / 4);

    public void Join() => Interlocked.Increment(ref partitions);

    public void Leave(long bytes)
    {
        Interlocked.Decrement(ref partitions);
        Add(-bytes);
    }

    public void Add(long bytes) => Interlocked.Add(ref used, bytes);

    /// <summary>How many bytes a partition should let go of.</summary>
    public long Excess(long own) => Math.Max(0, Math.Min(Used - bytesMax, own - Share));
}
