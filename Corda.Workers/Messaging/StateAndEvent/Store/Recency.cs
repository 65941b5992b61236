namespace Corda.Workers.Messaging.StateAndEvent.Store;

/// <summary>Entries in the order of their last use. The links are in the entries: a touch allocates nothing.</summary>
internal sealed class Recency
{
    private StateEntry? hottest;

    /// <summary>What was not used for the longest time; null for nothing at all.</summary>
    public StateEntry? Coldest { get; private set; }

    public void Add(StateEntry entry)
    {
        entry.Colder = hottest;
        if (hottest is not null)
        {
            hottest.Hotter = entry;
        }

        hottest = entry;
        Coldest ??= entry;
    }

    public void Touch(StateEntry entry)
    {
        if (entry != hottest)
        {
            Remove(entry);
            Add(entry);
        }
    }

    public void Remove(StateEntry entry)
    {
        if (entry.Colder is null)
        {
            Coldest = entry.Hotter;
        }
        else
        {
            entry.Colder.Hotter = entry.Hotter;
        }

        if (entry.Hotter is null)
        {
            hottest = entry.Colder;
        }
        else
        {
            entry.Hotter.Colder = entry.Colder;
        }

        entry.Colder = null;
        entry.Hotter = null;
    }

    public void Clear()
    {
        hottest = null;
        Coldest = null;
    }
}
