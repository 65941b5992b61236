using Corda.Workers.Diagnostics;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>Makes the inputs of a batch of what was polled and what is due. Pure but for taking due times out of their queue.</summary>
internal static class LaneInputs
{
    /// <summary>Under a backlog of events a batch has room for due times too: one for so many events.</summary>
    private const int DueShare = 4;

    public static BatchInputs<TEvent> Collect<TState, TEvent>(
        IReadOnlyList<ConsumedRecord> records, IReadOnlyDictionary<int, PartitionStates<TState>> live, DateTimeOffset now, int inputsMax)
        where TState : class
        where TEvent : class
    {
        var inputs = new List<(PartitionKey, StepInput<TEvent>)>(records.Count);
        foreach (ConsumedRecord record in records)
        {
            Invariant.Require(
                live.ContainsKey(record.Partition.Partition), "Events come only from partitions that are restored", record.Partition.ToString());
            inputs.Add((new PartitionKey(record.Partition.Partition, record.Key), OfRecord<TEvent>(record)));
            live[record.Partition.Partition].Spilled.Reading(record.Key, record.Value);
        }

        // Events first: an answer that is here already is better than the timeout that waited for it. But a backlog must not hold back all timers and
        // parked keys until it is gone: some room is theirs, unless inputs are taken one by one.
        int share = inputsMax > 1 ? (inputsMax + DueShare - 1) / DueShare : 0;
        var woken = new List<PartitionKey>();
        foreach ((PartitionStates<TState> states, byte[] key) in TakeDue(live, now, Math.Max(inputsMax - inputs.Count, share)))
        {
            AddDue(states, key, inputs, woken);
        }

        return new BatchInputs<TEvent>(inputs, woken, now);
    }

    /// <summary>How long a lane may wait for events.</summary>
    public static TimeSpan WaitUntilDue<TState>(IReadOnlyDictionary<int, PartitionStates<TState>> live, DateTimeOffset now, TimeSpan longest)
        where TState : class
    {
        TimeSpan wait = longest;
        foreach (PartitionStates<TState> states in live.Values)
        {
            if (states.NextDue() is { } next && next - now < wait)
            {
                wait = next > now ? next - now : TimeSpan.Zero;
            }
        }

        return wait;
    }

    /// <summary>A batch came to nothing: its due times wait again, its events will be read again.</summary>
    public static void GiveBack<TState, TEvent>(BatchInputs<TEvent> batch, IReadOnlyDictionary<int, PartitionStates<TState>> live)
        where TState : class
        where TEvent : class
    {
        foreach (PartitionStates<TState> states in live.Values)
        {
            states.Spilled.Unread();
        }

        foreach (PartitionKey key in batch.Woken.Concat(batch.Inputs.Where(static input => input.Input.IsDue).Select(static input => input.Key)))
        {
            live.GetValueOrDefault(key.Partition)?.DueTimes.GiveBack(key.Key);
        }
    }

    // An event without a value is no event: no bytes at all, which no codec takes for one, so that it ends among the dead letters.
    private static StepInput<TEvent> OfRecord<TEvent>(ConsumedRecord record)
        where TEvent : class => new(InputId.OfEvent(record.Partition, record.Offset), null, record.Value ?? []);

    // Earliest first over all partitions: none is left out for ever, however many are due elsewhere.
    private static List<(PartitionStates<TState> States, byte[] Key)> TakeDue<TState>(
        IReadOnlyDictionary<int, PartitionStates<TState>> live, DateTimeOffset now, int keysMax)
        where TState : class
    {
        var earliest = new PriorityQueue<PartitionStates<TState>, DateTimeOffset>();
        foreach (PartitionStates<TState> states in live.Values)
        {
            AddIfDue(states);
        }

        var seen = new HashSet<PartitionKey>();
        var taken = new List<(PartitionStates<TState>, byte[])>();
        while (taken.Count < keysMax && earliest.TryDequeue(out PartitionStates<TState>? states, out _))
        {
            byte[] key = states.DueTimes.Take(now)!;
            if (seen.Add(new PartitionKey(states.EventPartition.Partition, key)))
            {
                taken.Add((states, key));
            }

            AddIfDue(states);
        }

        return taken;

        void AddIfDue(PartitionStates<TState> states)
        {
            states.BringInDue(now);
            if (states.DueTimes.Next() is { } at && at <= now)
            {
                earliest.Enqueue(states, at);
            }
        }
    }

    private static void AddDue<TState, TEvent>(
        PartitionStates<TState> states, byte[] key, List<(PartitionKey, StepInput<TEvent>)> inputs, List<PartitionKey> woken)
        where TState : class
        where TEvent : class
    {
        var at = new PartitionKey(states.EventPartition.Partition, key);
        StateRecord record = states.Committed(key)!;
        if (record.Parked is not null)
        {
            woken.Add(at);
        }
        else
        {
            inputs.Add((at, new StepInput<TEvent>(InputId.OfDue(record.Version, record.DueAt!.Value), null, null)));
        }
    }
}
