namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// The only writer of the bus, a thread of its own. It takes everything that waits, writes it in one go, makes it visible, tells the producers and
/// begins again: alone, a transaction goes at once; under load, each write carries all that came during the one before.
/// </summary>
/// <remarks>Nothing becomes visible that is not durable. The refusal of one transaction leaves the others of its group alone.</remarks>
internal sealed class CommitWriter
{
    /// <summary>
    /// How often the writer offers the processor to producers whose commits it has just completed, before it begins the next write: most come back with
    /// the next one at once, and without this the groups under load are half as large. Some microseconds; not done after a lone transaction.
    /// </summary>
    private const int YieldsMax = 50;

    /// <summary>Where others keep the processor, a yield may take its whole time slice: nobody waits longer than this for companions.</summary>
    private static readonly TimeSpan YieldTimeMax = TimeSpan.FromMicroseconds(20);

    private readonly CommitQueue queue;
    private readonly BusCore core;
    private readonly LogMaintenance maintenance;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long sequence;
    private GroupCommit? undecided;
    private MessagingFatalException? broken;
    private long refusedInEpisode;
    private DateTimeOffset newestTimestamp;

    public CommitWriter(BusCore core, CommitQueue queue, LogMaintenance maintenance, long sequence)
    {
        (this.core, this.queue, this.maintenance, this.sequence) = (core, queue, maintenance, sequence);
        new Thread(Run) { Name = "embedded-bus-writer", IsBackground = true }.Start();
    }

    /// <summary>Ends after everything that waited when the queue was closed is done.</summary>
    public Task Ended => ended.Task;

    /// <summary>Hands over a transaction; its completion tells the outcome.</summary>
    /// <exception cref="MessagingTransientException">Too much waits already.</exception>
    public void Submit(PendingTransaction transaction) => queue.Add(transaction);

    /// <summary>Runs something between two commits and returns when it is done.</summary>
    public void Execute(Action action)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Add(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    private bool MayMaintain => broken is null && undecided is null;

    private void Run()
    {
        List<PendingTransaction> group = [];
        List<Action> jobs = [];
        while (queue.Take(group, jobs, wait: !MayMaintain || !maintenance.HasWork))
        {
            jobs.ForEach(job => job());
            if (group.Count > 0)
            {
                Commit(group);
            }
            else if (jobs.Count == 0)
            {
                TryDecide();
            }

            // Without commits there is time; between them, as much maintenance as they call for.
            Maintain(idle: group.Count == 0);

            AwaitReturning(group.Count);
            group.Clear();
            jobs.Clear();
        }

        ended.SetResult();
    }

    private void AwaitReturning(int completed)
    {
        long started = core.Time.GetTimestamp();
        for (int i = 0; i < YieldsMax && completed > 1 && queue.Count < completed && core.Time.GetElapsedTime(started) < YieldTimeMax; i++)
        {
            Thread.Yield();
        }
    }

    private void Commit(List<PendingTransaction> group)
    {
        if (broken is not null)
        {
            FailAll(group, broken);
            return;
        }

        if (!TryDecide())
        {
            FailAll(group, new MessagingTransientException("nothing can be written as long as the outcome of an earlier commit is not known"));
            return;
        }

        // Time does not go back within the log, whatever the clock does: retention relies on it.
        DateTimeOffset now = core.Time.GetUtcNow();
        newestTimestamp = now > newestTimestamp ? now : newestTimestamp;
        GroupCommit commit = new(sequence + 1, newestTimestamp, Admitted(group));
        try
        {
            Write(commit);
        }
        catch (Exception bug)
        {
            // Without this the writer would end silently and every producer wait for ever.
            Break(commit, new MessagingFatalException($"the bus failed in a way that it does not know: {bug.Message}; restart the process", bug));
        }
    }

    private List<PendingTransaction> Admitted(List<PendingTransaction> group)
    {
        List<PendingTransaction> admitted = new(group.Count);
        foreach (PendingTransaction transaction in group)
        {
            if (core.Coordinator.TryAdmit(transaction, out MessagingFencedException? refusal))
            {
                admitted.Add(transaction);
            }
            else
            {
                transaction.Fail(refusal!);
            }
        }

        return admitted;
    }

    private void Write(GroupCommit commit)
    {
        try
        {
            if (!commit.IsEmpty)
            {
                core.Store.Write(commit.ToWrite());
            }

            EndEpisode();
            Publish(commit);
        }
        catch (MessagingTransientException e)
        {
            BeginEpisode(e.Message, commit.Transactions.Count);
            core.Coordinator.Settle(commit.Transactions, committed: false);
            FailAll(commit.Transactions, e);
        }
        catch (MessagingIndefiniteException e)
        {
            BusLog.OutcomeUnknown(core.Logger, e.Message);
            undecided = commit;
            core.Coordinator.Undecided(e.Message);
            FailAll(commit.Transactions, e);
        }
        catch (MessagingFatalException e)
        {
            Break(commit, e);
        }
    }

    private void Publish(GroupCommit commit)
    {
        sequence = commit.Sequence;
        foreach (PartitionAppend append in commit.Appends)
        {
            append.Log.Append(append.Records);
            maintenance.Appended(append);
        }

        core.Coordinator.Settle(commit.Transactions, committed: true);
        foreach (PendingTransaction transaction in commit.Transactions)
        {
            transaction.Complete();
        }
    }

    /// <summary>Learns the outcome of a commit that is not known, if there is one. What turns out to be durable becomes visible now.</summary>
    private bool TryDecide()
    {
        if (undecided is not { } commit)
        {
            return true;
        }

        try
        {
            bool committed = core.Store.LastSequence() >= commit.Sequence;
            BusLog.OutcomeKnown(core.Logger, committed);
            undecided = null;
            if (committed)
            {
                Publish(commit);
            }
            else
            {
                core.Coordinator.Settle(commit.Transactions, committed: false);
            }

            return true;
        }
        catch (MessagingTransientException)
        {
            // Told when it began; the next transaction or tick asks again.
            return false;
        }
        catch (MessagingFatalException e)
        {
            undecided = null;
            Break(commit, e);
            return false;
        }
    }

    private void Maintain(bool idle)
    {
        if (!MayMaintain)
        {
            return;
        }

        try
        {
            if (idle)
            {
                maintenance.RunSlice();
            }
            else
            {
                maintenance.PayDebt();
            }
        }
        catch (MessagingFatalException e)
        {
            BusLog.Broken(core.Logger, e);
            broken = e;
        }
    }

    private void Break(GroupCommit commit, MessagingFatalException cause)
    {
        BusLog.Broken(core.Logger, cause);
        broken = cause;
        core.Coordinator.Settle(commit.Transactions, committed: false);
        FailAll(commit.Transactions, cause);
    }

    private void BeginEpisode(string reason, int refused)
    {
        if (refusedInEpisode == 0)
        {
            BusLog.WritesFail(core.Logger, reason);
        }

        refusedInEpisode += refused;
    }

    private void EndEpisode()
    {
        if (refusedInEpisode > 0)
        {
            BusLog.WritesAgain(core.Logger, refusedInEpisode);
            refusedInEpisode = 0;
        }
    }

    private static void FailAll(IReadOnlyList<PendingTransaction> transactions, Exception reason)
    {
        foreach (PendingTransaction transaction in transactions)
        {
            transaction.Fail(reason);
        }
    }
}
