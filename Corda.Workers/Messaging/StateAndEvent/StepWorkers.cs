using Corda.Workers.Diagnostics;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>Work that several threads may do together.</summary>
internal interface ISharedWork
{
    /// <summary>Does one turn of it on this thread; false if there is nothing (more) to do for one more thread.</summary>
    bool Turn(StepWorker worker);
}

/// <summary>
/// The threads that run steps, shared by the lanes of a subscription. Work is handed over once and then taken turn by turn, so that a batch costs one
/// hand-over, not one for every key. A thread that is given up is replaced at once.
/// </summary>
internal sealed class StepWorkers : IDisposable
{
    private readonly object gate = new();
    private readonly Queue<ISharedWork> offered = new();
    private readonly string name;
    private int started;
    private bool closed;

    public StepWorkers(string name, int count)
    {
        this.name = name;
        Count = count;
        for (int i = 0; i < count; i++)
        {
            StartWorker();
        }
    }

    public int Count { get; }

    /// <summary>Threads that were given up and have not come back.</summary>
    public int Stuck { get; private set; }

    /// <summary>Asks so many threads to join in.</summary>
    public void Offer(ISharedWork work, int threads)
    {
        lock (gate)
        {
            for (int i = 0; i < threads; i++)
            {
                offered.Enqueue(work);
                Monitor.Pulse(gate);
            }
        }
    }

    /// <summary>Gives a thread up: it ends when it comes back, another takes its place now.</summary>
    public void Replace(StepWorker stuck)
    {
        lock (gate)
        {
            Invariant.Require(!stuck.GivenUp, "A thread is given up once", stuck.Name);
            stuck.GivenUp = true;
            Stuck++;
            StartWorker();
        }
    }

    /// <summary>The threads end when their present turn is over.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
        }
    }

    private void StartWorker()
    {
        var worker = new StepWorker($"{name}-step-{started++}");
        new Thread(() => Run(worker)) { Name = worker.Name, IsBackground = true }.Start();
    }

    private void Run(StepWorker worker)
    {
        while (Take() is { } work)
        {
            while (work.Turn(worker))
            {
                // Turn by turn until there is nothing left for this thread.
            }

            if (HasReturned(worker))
            {
                return;
            }
        }
    }

    private bool HasReturned(StepWorker worker)
    {
        lock (gate)
        {
            Stuck -= worker.GivenUp ? 1 : 0;
            return worker.GivenUp;
        }
    }

    private ISharedWork? Take()
    {
        lock (gate)
        {
            while (offered.Count == 0 && !closed)
            {
                Monitor.Wait(gate);
            }

            return closed ? null : offered.Dequeue();
        }
    }
}

/// <summary>One thread of <see cref="StepWorkers"/>.</summary>
/// <param name="name">The thread's name.</param>
internal sealed class StepWorker(string name)
{
    public string Name => name;

    /// <summary>Set under the lock of <see cref="StepWorkers"/>.</summary>
    public bool GivenUp { get; set; }
}
