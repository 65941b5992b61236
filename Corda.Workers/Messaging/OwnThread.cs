namespace Corda.Workers.Messaging;

/// <summary>
/// Runs what may block for long on a thread of its own. In an outage many wait at once, and the pool has few threads, which others need just then. Any thread.
/// </summary>
internal static class OwnThread
{
    private const TaskCreationOptions Options = TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach | TaskCreationOptions.RunContinuationsAsynchronously;

    public static Task Run(Action work) => Task.Factory.StartNew(work, CancellationToken.None, Options, TaskScheduler.Default);

    public static Task<T> Run<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, Options, TaskScheduler.Default);
}
