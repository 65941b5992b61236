namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>A key's committed record in memory.</summary>
internal sealed class StateEntry(byte[] key)
{
    // What an entry costs beside its record's bytes: the objects, their places in the tables of keys and of due times. Measured at 350 to 450 bytes.
    public const int OverheadBytes = 400;

    public byte[] Key { get; } = key;

    public required StateRecord Record { get; set; }

    /// <summary>The record's bytes in the log.</summary>
    public required int Size { get; set; }

    public int MemoryBytes => Size + OverheadBytes;

    /// <summary>Its place in the local copy; 0 for none.</summary>
    public long Id { get; set; }

    /// <summary>Not handed to the local copy as it is now.</summary>
    public bool Dirty { get; set; }

    /// <summary>The last writing that it had a part in; 0 for none.</summary>
    public long Writing { get; set; }

    /// <summary>The key has no state any more, or this is not its entry.</summary>
    public bool Gone { get; set; }

    public StateEntry? Colder { get; set; }

    public StateEntry? Hotter { get; set; }
}
