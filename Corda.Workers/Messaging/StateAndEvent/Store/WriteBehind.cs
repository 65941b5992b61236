using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>
/// What a partition's local copy does not know yet. Handed to it in pieces, on a thread of its own, so that nobody waits for it: what was changed often in between is
/// written once, what came and went in between never. Used by one thread at a time.
/// </summary>
/// <param name="store">The local copy.</param>
/// <param name="writers">Where its writing runs.</param>
/// <param name="logger">Told when it fails.</param>
internal sealed class WriteBehind(IStateStore store, TaskScheduler writers, ILogger logger)
{
    private readonly List<StateEntry> dirty = [];
    private readonly List<long> removedIds = [];
    private readonly HashSet<byte[]> removedKeys = new(KeyComparer.Instance);
    private Writing? underWay;
    private long lastWriting;
    private long lastId;
    private bool failed;

    /// <summary>The memory of what waits, about.</summary>
    public long DirtyBytes { get; private set; }

    public bool IsWriting => underWay is not null;

    public bool HasChanges => dirty.Count > 0 || removedIds.Count > 0;

    /// <summary>Goes on after the places that a copy has given already.</summary>
    public void GoOn(long lastGiven) => lastId = lastGiven;

    public void Changed(StateEntry entry)
    {
        if (!entry.Dirty)
        {
            entry.Dirty = true;
            dirty.Add(entry);
            DirtyBytes += entry.MemoryBytes;
        }
    }

    public void Removed(StateEntry entry)
    {
        entry.Gone = true;
        if (entry.Id != 0)
        {
            removedIds.Add(entry.Id);
            removedKeys.Add(entry.Key);
        }
    }

    /// <summary>The key has no state, whatever the copy says.</summary>
    public bool IsRemoved(byte[] key) => removedKeys.Contains(key) || underWay?.RemovedKeys.Contains(key) == true;

    /// <summary>The copy has the entry as it is now.</summary>
    public bool IsKept(StateEntry entry) => !entry.Dirty && entry.Id != 0 && (underWay is null || entry.Writing != underWay.Number);

    /// <summary>Hands over all that waits. Nothing may be under way.</summary>
    /// <param name="note">What the copy is then, but for its last place; null if it will not be usable by another process.</param>
    public void Begin(StoreNote? note)
    {
        var writing = new Writing(++lastWriting, [.. dirty.Where(static entry => !entry.Gone)], [.. removedIds], new HashSet<byte[]>(removedKeys, KeyComparer.Instance));
        foreach (StateEntry entry in writing.Entries)
        {
            entry.Id = entry.Id == 0 ? ++lastId : entry.Id;
            entry.Dirty = false;
            entry.Writing = writing.Number;
        }

        dirty.Clear();
        removedIds.Clear();
        removedKeys.Clear();
        DirtyBytes = 0;
        var changes = new StoreChanges(
            writing.Entries.ConvertAll(static entry => (entry.Id, entry.Key, entry.Image)), writing.RemovedIds, note is null ? null : note with { LastId = lastId });
        writing.Task = Task.Factory.StartNew(() => store.Write(changes), CancellationToken.None, TaskCreationOptions.None, writers);
        underWay = writing;
    }

    /// <summary>Looks whether what is under way has ended. What failed waits again.</summary>
    public void Settle()
    {
        if (underWay is { Task.IsCompleted: true })
        {
            End(underWay);
        }
    }

    /// <summary>Waits for what is under way.</summary>
    public void Wait()
    {
        if (underWay is not null)
        {
            ((IAsyncResult)underWay.Task).AsyncWaitHandle.WaitOne();
            End(underWay);
        }
    }

    /// <summary>Nothing waits any more. What is under way is waited for.</summary>
    public void Clear()
    {
        Wait();
        dirty.Clear();
        removedIds.Clear();
        removedKeys.Clear();
        DirtyBytes = 0;
        lastId = 0;
    }

    private void End(Writing writing)
    {
        underWay = null;
        if (writing.Task.Exception?.InnerException is not { } cause)
        {
            failed = false;
            return;
        }

        removedIds.AddRange(writing.RemovedIds);
        removedKeys.UnionWith(writing.RemovedKeys);
        writing.Entries.FindAll(static entry => !entry.Gone).ForEach(Changed);
        if (!failed)
        {
            failed = true;
            MessagingLog.StateCopyNotWritten(logger, cause.Message);
        }
    }

    private sealed class Writing(long number, List<StateEntry> entries, List<long> removedIds, HashSet<byte[]> removedKeys)
    {
        public long Number => number;

        public List<StateEntry> Entries => entries;

        public List<long> RemovedIds => removedIds;

        public HashSet<byte[]> RemovedKeys => removedKeys;

        public Task Task { get; set; } = Task.CompletedTask;
    }
}
