namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>A key's committed state in memory.</summary>
internal sealed class StateEntry(byte[] key, StateImage image)
{
    // What an entry costs beside its record's bytes: the objects, their places in the tables of keys and of due times. Measured at 220 to 310 bytes.
    public const int OverheadBytes = 300;

    public byte[] Key { get; } = key;

    public StateImage Image { get; set; } = image;

    /// <summary>The record's bytes in the log.</summary>
    public int Size => Image.Bytes.Length;

    public int MemoryBytes => Size + OverheadBytes;

    /// <summary>The state as object, where <see cref="DecodedStates{TState}"/> keeps it; null for none.</summary>
    public object? Decoded { get; set; }

    /// <summary>In the line of those that may be kept as objects.</summary>
    public bool InLine { get; set; }

    /// <summary>Its object is a newer one than when it got in line.</summary>
    public bool Renewed { get; set; }

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
