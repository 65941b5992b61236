using System.Runtime.ExceptionServices;

namespace Corda.Flows.CompilerServices;

/// <summary>Waits for several tasks, whatever becomes of each.</summary>
internal static class AllToEnd
{
    // The copies are made out here so that the frames, and with them the checkpoint, hold arrays and not whatever list the caller had.
    public static FlowTask Of(IReadOnlyList<FlowTask> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return Await([.. tasks]);
    }

    public static FlowTask<T[]> Of<T>(IReadOnlyList<FlowTask<T>> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return Collect<T>([.. tasks]);
    }

    private static async FlowTask Await(FlowTask[] tasks)
    {
        Exception? firstError = null;
        foreach (FlowTask task in tasks)
        {
            await new Settled(task);
            firstError ??= task.Exception;
        }

        if (firstError is not null) ExceptionDispatchInfo.Throw(firstError);
    }

    private static async FlowTask<T[]> Collect<T>(FlowTask<T>[] tasks)
    {
        await Await(tasks);
        return Array.ConvertAll(tasks, task => task.Result);
    }
}
