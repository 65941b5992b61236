namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// A local copy of the states of one partition, for what memory has no room for. Only a cache: the state topic has everything, and whatever is wrong with the copy is
/// mended by throwing it away. What it says is complete up to one offset, exactly: nothing older is missing, nothing newer is in it.
/// <see cref="Write"/> may run beside one of the others; all else is called by one thread at a time.
/// </summary>
/// <remarks>
/// Reading throws <see cref="MessagingIndefiniteException"/> where the copy turns out to be damaged: nobody knows what is committed but the topic. From then on it is not
/// believed any more, by no process. It throws <see cref="MessagingFencedException"/> where the copy was opened by a later owner in this process.
/// </remarks>
internal interface IStateStore : IDisposable
{
    /// <summary>What the copy was when it was opened; null for nothing that can be used.</summary>
    StoreNote? Note { get; }

    /// <summary>The state of a key; null for none.</summary>
    StoredState? Find(byte[] key);

    /// <summary>States whose time has come, earliest first.</summary>
    /// <param name="after">Only those that come after this place.</param>
    /// <param name="now">Only those whose time is not later.</param>
    /// <param name="countMax">At most so many.</param>
    IReadOnlyList<StoredState> Due(DuePlace after, DateTimeOffset now, int countMax);

    /// <summary>The first time that comes after a place; null for none.</summary>
    DateTimeOffset? NextDue(DuePlace after);

    /// <summary>All states, to be read to the end before anything else is done.</summary>
    IEnumerable<StoredState> All();

    /// <summary>Takes changes and the new note, all or nothing.</summary>
    /// <exception cref="StateStoreException">Nothing was taken; it may work later.</exception>
    void Write(StoreChanges changes);

    /// <summary>Forgets everything. Where that is not possible for now it takes nothing until it is.</summary>
    void Clear();
}

/// <summary>A local copy of states cannot be written for now.</summary>
internal sealed class StateStoreException(string message, Exception cause) : Exception(message, cause);

/// <summary>A state in a local copy.</summary>
/// <param name="Id">Its place there; never 0.</param>
/// <param name="Key">Its key.</param>
/// <param name="Image">What is committed.</param>
internal sealed record StoredState(long Id, byte[] Key, StateImage Image);

/// <summary>A place in the order of due times.</summary>
internal readonly record struct DuePlace(long Ticks, long Id)
{
    public static readonly DuePlace Beginning = new(-1, 0);
}

/// <summary>What a local copy is to take in one piece.</summary>
/// <param name="Puts">New and changed states.</param>
/// <param name="Removes">Places of states that are no more; some may never have been taken.</param>
/// <param name="Note">What the copy is after that; null if it cannot be used by another process.</param>
internal sealed record StoreChanges(IReadOnlyList<(long Id, byte[] Key, StateImage Image)> Puts, IReadOnlyList<long> Removes, StoreNote? Note);
