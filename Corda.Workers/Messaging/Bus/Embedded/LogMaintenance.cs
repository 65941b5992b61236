namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Retention and compaction, in small slices on the commit writer's thread: between two slices transactions get their turn. Not thread-safe.
/// </summary>
internal sealed class LogMaintenance
{
    /// <summary>What a row brings along beside its bytes: retention deletes some hundred rows in a slice, however small they are.</summary>
    private const long RowDebtBytes = 512;

    private readonly BusCore core;
    private readonly Dictionary<PartitionLog, CompactionState> compaction = [];
    private IEnumerator<PartitionLog>? round;
    private long roundEndedAt;
    private bool compactionDue;
    private long debtBytes;

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

    /// <summary>
    /// A compaction pass over a log of L clean and L new bytes reads 3 L: the new ones twice, the others once. It is done before another L are written if a slice,
    /// which reads <see cref="EmbeddedBusOptions.ReadBytesMax"/>, comes three times as often as so many bytes; the fourth is for retention.
    /// </summary>
    private long DebtBytesPerSlice => Math.Max(1, core.Options.ReadBytesMax / 4);

    /// <summary>Whether a round is under way, or due.</summary>
    public bool HasWork => round is not null || compactionDue || core.Time.GetElapsedTime(roundEndedAt) >= core.Options.MaintenanceInterval;

    /// <summary>Records became visible.</summary>
    public void Appended(PartitionAppend append)
    {
        long bytes = append.Records.Sum(r => r.SizeBytes());
        debtBytes += RowDebtBytes + bytes;
        if (append.Log.Cleanup == Cleanup.Compact && append.Log.Damage is null)
        {
            CompactionState state = StateOf(append.Log);
            state.DirtyBytes += bytes;
            compactionDue |= state.DirtyBytes >= state.DirtyBytesMax(core.Options);
        }
    }

    /// <summary>
    /// Does as much as the commits since the last time call for, so that a log that is written without a pause does not outgrow its maintenance: writers wait for it
    /// a little each, instead of all at the end.
    /// </summary>
    public void PayDebt()
    {
        long slices = debtBytes / DebtBytesPerSlice;
        debtBytes %= DebtBytesPerSlice;
        for (long i = 0; i < slices && HasWork; i++)
        {
            RunSlice();
        }
    }

    /// <summary>Does a little, if there is something to do.</summary>
    public void RunSlice()
    {
        if (!HasWork)
        {
            return;
        }

        if (round is null)
        {
            compactionDue = false;
            round = Round().GetEnumerator();
        }

        try
        {
            if (round.MoveNext())
            {
                return;
            }
        }
        catch (DamagedPartitionException)
        {
            // Told where it was found. This round ends, the next one leaves that partition alone.
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
        foreach (PartitionLog log in core.Topics.AllPartitions.Where(p => p.Damage is null).ToList())
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
        long below = core.Coordinator.LowestNeeded(log.Identity.Partition, core.Options.GroupRetention) ?? log.End;
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
        foreach (string group in core.Coordinator.ForgetGone(core.Options.GroupRetention))
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
