namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// The lanes of a worker that ends leave their group at the same moment. Else the group would settle without the first, then be disturbed again by the next; and a member
/// that has just joined joins again only a second later (librdkafka, <c>rkcg_join_intvl</c>), for which all that moves would wait. Thread-safe.
/// </summary>
/// <param name="lanes">Each says once that it is ready.</param>
/// <param name="patience">So long they wait for one whose step does not end.</param>
internal sealed class Farewell(int lanes, TimeSpan patience)
{
    private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int missing = lanes;

    /// <summary>A lane has nothing left to do but to leave. Waits for the others, but not for ever.</summary>
    public void Meet()
    {
        if (Interlocked.Decrement(ref missing) == 0) all.SetResult();
        all.Task.Wait(patience);
    }
}
