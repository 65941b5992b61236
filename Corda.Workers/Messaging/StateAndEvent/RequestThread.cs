using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Turns of one body on a thread of its own that does what is asked of it before each turn. The thread lives as long as there is something to do: whoever posts
/// next starts another.
/// </summary>
/// <param name="name">Of the thread.</param>
/// <param name="body">Its calls come from the thread only.</param>
internal sealed class RequestThread(string name, RequestThread.IBody body)
{
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    private readonly object gate = new();
    private readonly Queue<Action> requests = new();
    private IPartitionReader? waitsOn;
    private Thread? thread;
    private bool stopped;

    /// <summary>What the thread does.</summary>
    internal interface IBody
    {
        /// <summary>Whether there is something to do without a request.</summary>
        bool HasWork { get; }

        /// <summary>One turn, after the requests.</summary>
        void Turn();

        /// <summary>A request or a turn failed.</summary>
        void Fail(Exception cause);

        /// <summary>The thread is about to end; nothing is open that another could not open again.</summary>
        void Close();
    }

    /// <summary>Nothing is wanted any more but to end. Any thread.</summary>
    public bool Stopped => Volatile.Read(ref stopped);

    /// <summary>Names the reader that turns wait on, or none: a request ends its poll. What was asked for while there was none ends the first. The thread's own.</summary>
    public void WaitOn(IPartitionReader? reader)
    {
        lock (gate)
        {
            waitsOn = reader;
            if (requests.Count > 0) reader?.Wakeup();
        }
    }

    /// <summary>Has something done before the next turn. Any thread.</summary>
    public void Post(Action request)
    {
        lock (gate)
        {
            requests.Enqueue(request);
            if (thread is null)
            {
                thread = new Thread(Run) { Name = name, IsBackground = true };
                thread.Start();
            }

            waitsOn?.Wakeup();
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Lets a failure pass: waits a while, or until there is something to do. The thread's own.</summary>
    public void Rest()
    {
        lock (gate)
        {
            if (!stopped && requests.Count == 0)
            {
                Monitor.Wait(gate, RestAfterFailure);
            }
        }
    }

    /// <summary>Asks it to end and waits for it, but not for ever. Any thread but its own.</summary>
    public void Stop()
    {
        Thread? ending;
        lock (gate)
        {
            stopped = true;
            waitsOn?.Wakeup();
            Monitor.PulseAll(gate);
            ending = thread;
        }

        ending?.Join(EndPatience);
    }

    private void Run()
    {
        while (HasWork())
        {
            try
            {
                while (TakeRequest() is { } request)
                {
                    request();
                }

                body.Turn();
            }
            catch (Exception cause)
            {
                body.Fail(cause);
            }
        }
    }

    // Ends the thread where there is nothing to do, in one step with saying so.
    private bool HasWork()
    {
        lock (gate)
        {
            if (requests.Count > 0 || body.HasWork)
            {
                return true;
            }

            thread = null;
            body.Close();
            return false;
        }
    }

    private Action? TakeRequest()
    {
        lock (gate)
        {
            return requests.TryDequeue(out Action? request) ? request : null;
        }
    }
}
