namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Retention and compaction, in small slices on the commit writer's thread: between two slices transactions get their turn. Not thread-safe.
/// </summary>
internal sealed class LogMaintenance
{
    private readonly BusCore core;
    private readonly Dictionary<PartitionLog, CompactionState> compaction = [];
    private IEnumerator<PartitionLog>? round;
    private long roundEndedAt;

    public LogMaintenance(BusCore core, IEnumerable<PartitionState> stored)
    {
        this.core = core;
        roundEndedAt = core.Time.GetTimestamp();
        Dictionary<int, PartitionState> states = stored.ToDictionary(s => s.Id);
        foreach (PartitionLog log in core.Topics.AllPartitions.Where(p => p.Cleanup == Cleanup.Compact))
        {
            PartitionState state = states[log.Identity.Id];
            compaction.Add(log, new CompactionState { Clean = state.Clean, DirtyBytes = state.DirtyBytes });
        }
    }

    /// <summary>Whether a round is under way, or due.</summary>
    public bool HasWork => round is not null || core.Time.GetElapsedTime(roundEndedAt) >= core.Options.MaintenanceInterval;

    /// <summary>Records became visible.</summary>
    public void Appended(PartitionAppend append)
    {
        if (append.Log.Cleanup == Cleanup.Compact)
        {
            StateOf(append.Log).DirtyBytes += append.Records.Sum(r => r.SizeBytes());
        }
    }

    /// <summary>Does a little, if there is something to do.</summary>
    public void RunSlice()
    {
        if (!HasWork)
        {
            return;
        }

        round ??= Round().GetEnumerator();
        try
        {
            if (round.MoveNext())
            {
                return;
            }
        }
        catch (MessagingTransientException e)
        {
            BusLog.MaintenanceFailed(core.Logger, e.Message);
        }

        round.Dispose();
        round = null;
        roundEndedAt = core.Time.GetTimestamp();
    }

    /// <summary>One look at everything; stops after every slice of work.</summary>
    private IEnumerable<PartitionLog> Round()
    {
        ForgetGoneGroups();
        foreach (PartitionLog log in core.Topics.AllPartitions.ToList())
        {
            foreach (bool _ in log.Cleanup == Cleanup.Compact ? Compact(log) : Trim(log))
            {
                yield return log;
            }
        }

        core.Store.OnIdle();
    }

    private IEnumerable<bool> Trim(PartitionLog log)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        long below = core.Coordinator.LowestNeeded(log.Identity.Partition, now - core.Options.GroupRetention) ?? log.End;
        while (core.Store.Trim(log.Identity, Math.Min(below, log.End), now - core.Options.RetentionTime))
        {
            yield return true;
        }
    }

    private IEnumerable<bool> Compact(PartitionLog log)
    {
        CompactionState state = StateOf(log);
        return state.IsDue(core.Options, core.Time.GetUtcNow()) ? new Compaction(log, state, core).Run() : [];
    }

    private void ForgetGoneGroups()
    {
        foreach (string group in core.Coordinator.ForgetGone(core.Time.GetUtcNow() - core.Options.GroupRetention))
        {
            core.Store.ForgetGroup(group);
            BusLog.GroupForgotten(core.Logger, group, core.Options.GroupRetention.TotalDays);
        }
    }

    private CompactionState StateOf(PartitionLog log)
    {
        if (!compaction.TryGetValue(log, out CompactionState? state))
        {
            compaction.Add(log, state = new CompactionState());
        }

        return state;
    }
}
