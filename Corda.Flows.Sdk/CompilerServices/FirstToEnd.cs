namespace Corda.Flows.CompilerServices;

/// <summary>Ends with the first of several tasks, and then lets go of the others.</summary>
internal sealed class FirstToEnd : FlowTask<FlowTask>, IFlowContinuation
{
    private FlowTask[] tasks;

    private FirstToEnd(FlowTask[] tasks) => this.tasks = tasks;

    public static FlowTask<FlowTask> Of(IReadOnlyList<FlowTask> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        if (tasks.Count == 0) throw new ArgumentException("WhenAny needs at least one task.", nameof(tasks));
        if (tasks.FirstOrDefault(t => t.IsCompleted) is { } ended) return FromResult(ended);

        var first = new FirstToEnd([.. tasks]);
        foreach (FlowTask task in first.tasks) task.AddContinuation(first);
        return first;
    }

    public void OnEnded(FlowTask task)
    {
        if (IsCompleted) return;
        foreach (FlowTask other in tasks) other.RemoveContinuation(this);
        tasks = [];
        SetResult(task);
    }
}
