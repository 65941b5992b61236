namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// In which order keyed collections are filled: those to which a collection refers, over however many objects, before it. Where they refer to each
/// other there is no right order, and keys that hash over such a ring cannot be trusted in a running flow either.
/// </summary>
internal static class BuildOrder
{
    /// <summary>Fills every collection once.</summary>
    /// <param name="collections">The collections: the object's number, and what fills it.</param>
    /// <param name="references">Who refers to whom, by number.</param>
    public static void Run(IReadOnlyList<(int Owner, Action Build)> collections, IEnumerable<(int From, int To)> references)
    {
        ILookup<int, int> referred = references.ToLookup(static reference => reference.From, static reference => reference.To);
        Dictionary<int, Action> builds = collections.ToDictionary(static collection => collection.Owner, static collection => collection.Build);
        var seen = new HashSet<int>();
        var way = new Stack<(int Number, bool Left)>();

        // What was read last is mostly the innermost.
        for (int i = collections.Count - 1; i >= 0; i--)
        {
            way.Push((collections[i].Owner, Left: false));
            while (way.TryPop(out (int Number, bool Left) at))
            {
                if (at.Left)
                {
                    if (builds.TryGetValue(at.Number, out Action? build)) build();
                    continue;
                }

                if (!seen.Add(at.Number)) continue;
                way.Push((at.Number, Left: true));
                foreach (int next in referred[at.Number].Where(number => !seen.Contains(number))) way.Push((next, Left: false));
            }
        }
    }
}
