using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The decoded objects of a partition's states, so that the next event need not decode: those of the last commits. They are in the entries; what is taken, replaced or
/// put out is let go at once. One thread.
/// </summary>
/// <remarks>Put out is by the clock algorithm (Corbato 1968): whoever was renewed since it got in line gets in line again.</remarks>
/// <param name="max">At most so many; 0 for none.</param>
internal sealed class DecodedStates<TState>(int max)
    where TState : class
{
    /// <summary>All of them, by the bytes that they are encoded in: the objects take a few times that.</summary>
    public const int BytesMax = 2 * 1024 * 1024;

    // Those in line whose object was taken. Below this it is not worth its while to look for them.
    private const int TakenMax = 64;

    private readonly Queue<StateEntry> line = new();
    private long bytes;

    public int Count { get; private set; }

    /// <summary>The object of an entry, which thereby is not kept any more; null for none.</summary>
    public TState? Take(StateEntry entry)
    {
        var value = (TState?)entry.Decoded;
        Forget(entry);
        return value;
    }

    /// <summary>Nothing is kept for an entry any more. To be told before its record is another one.</summary>
    public void Forget(StateEntry? entry)
    {
        if (entry?.Decoded is not null)
        {
            entry.Decoded = null;
            entry.Renewed = false;
            Count--;
            bytes -= entry.Size;
        }
    }

    /// <summary>The object of what an entry has just become; null for none. Nothing may be kept for it.</summary>
    public void Keep(StateEntry entry, TState? value)
    {
        if (value is null || max == 0)
        {
            return;
        }

        entry.Decoded = value;
        Count++;
        bytes += entry.Size;
        if (entry.InLine)
        {
            entry.Renewed = true;
        }
        else
        {
            entry.InLine = true;
            line.Enqueue(entry);
        }

        while (Count > max || bytes > BytesMax || line.Count > (2 * max) + TakenMax)
        {
            PutOutFirst();
        }
    }

    public void Clear()
    {
        while (line.TryDequeue(out StateEntry? entry))
        {
            entry.InLine = false;
            Forget(entry);
        }
    }

    private void PutOutFirst()
    {
        StateEntry first = line.Dequeue();
        if (first.Renewed)
        {
            first.Renewed = false;
            line.Enqueue(first);
        }
        else
        {
            first.InLine = false;
            Forget(first);
        }
    }
}
