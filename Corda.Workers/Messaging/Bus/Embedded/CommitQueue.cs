namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>What waits for the commit writer. Its lock is a leaf.</summary>
internal sealed class CommitQueue(long pendingBytesMax, long groupBytesMax)
{
    private readonly object gate = new();
    private readonly Queue<PendingTransaction> transactions = [];
    private readonly Queue<Action> jobs = [];
    private long bytes;
    private int count;
    private bool nudged;
    private bool closed;

    /// <summary>How many transactions wait, as of a moment ago.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>Adds a transaction.</summary>
    /// <exception cref="MessagingTransientException">Too much waits already.</exception>
    public void Add(PendingTransaction transaction)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, typeof(EmbeddedBus));
            if (transactions.Count > 0 && bytes + transaction.Bytes > pendingBytesMax)
            {
                throw new MessagingTransientException(
                    $"{transactions.Count} transactions with {bytes} bytes wait to be written already, the limit is {pendingBytesMax}: the disk is slower than "
                    + "the producers; nothing was written, try again later");
            }

            transactions.Enqueue(transaction);
            bytes += transaction.Bytes;
            count = transactions.Count;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Adds something that must not run at the same time as a commit.</summary>
    public void Add(Action job)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, typeof(EmbeddedBus));
            jobs.Enqueue(job);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Makes a waiting writer look around.</summary>
    public void Nudge()
    {
        lock (gate)
        {
            nudged = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Takes no more; what waits already is still written.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>
    /// Takes the jobs and all transactions that wait, as many as fit into one group commit. False when it is closed and empty.
    /// </summary>
    /// <param name="group">Receives the transactions.</param>
    /// <param name="due">Receives the jobs.</param>
    /// <param name="wait">Whether to wait until there is something, or a nudge.</param>
    public bool Take(List<PendingTransaction> group, List<Action> due, bool wait)
    {
        lock (gate)
        {
            while (wait && transactions.Count == 0 && jobs.Count == 0 && !nudged && !closed)
            {
                Monitor.Wait(gate);
            }

            nudged = false;
            bool open = !closed || transactions.Count > 0 || jobs.Count > 0;
            while (jobs.TryDequeue(out Action? job))
            {
                due.Add(job);
            }

            long groupBytes = 0;
            while (groupBytes < groupBytesMax && transactions.TryDequeue(out PendingTransaction? transaction))
            {
                group.Add(transaction);
                groupBytes += transaction.Bytes;
            }

            bytes -= groupBytes;
            count = transactions.Count;
            return open;
        }
    }
}
