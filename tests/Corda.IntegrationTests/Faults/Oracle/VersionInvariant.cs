using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>I3: the versions of a key are 1, 2, 3 ... until it is deleted; never forked, repeated or skipped; and an event that is contained in a state is not applied again.</summary>
internal static class VersionInvariant
{
    public static IEnumerable<string> Check(Evidence evidence) => evidence.Log.States.SelectMany(key => OfKey(key.Key, key));

    private static IEnumerable<string> OfKey(string key, IEnumerable<(LogRecord Record, StateRecord? State)> states)
    {
        StateRecord? before = null;
        var made = new HashSet<string>();
        foreach ((LogRecord record, StateRecord? state) in states)
        {
            string where = $"flow {key}, {record.Partition}@{record.Offset}";
            if (state is not null)
            {
                if (state.Version != (before?.Version ?? 0) + 1)
                {
                    yield return $"{where}: version {state.Version} (by {state.InputId}) follows version {before?.Version ?? 0} (by {before?.InputId})";
                }

                // A parked key is written again and again for one input, until that is done or given up.
                if (!made.Add(state.InputId) && before?.Parked is null) yield return $"{where}: input {state.InputId} made a second state, version {state.Version}";
                if (before is not null && state.LastOffset < before.LastOffset) yield return $"{where}: contains events to {state.LastOffset}, and did to {before.LastOffset}";
            }

            before = state;
        }
    }
}
