using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Tests.Sdk;

/// <summary>A flow without an engine: the test ends its operations by name.</summary>
internal sealed class TestFiber
{
    private readonly Dictionary<string, IFlowOperation> operations = new(StringComparer.Ordinal);
    private readonly FlowFiber fiber = new(new FlowScope(null, "Test", "test", [1]));

    /// <summary>What the flow has told so far.</summary>
    public List<string> Story { get; } = [];

    public bool IsCompleted => fiber.Root.IsCompleted;

    public Exception? Error => fiber.Root.Exception;

    public int PendingCount => fiber.Pending.Count;

    public static TestFiber Started(Func<TestFiber, FlowTask> flow)
    {
        var test = new TestFiber();
        test.fiber.Start(() => flow(test));
        return test;
    }

    /// <summary>Called by the flow: an operation that the test ends.</summary>
    public FlowTask<T> Ask<T>(string name)
    {
        FlowOperation<T> operation = FlowFiber.Current.NewOperation<T>();
        operations.Add(name, operation);
        return operation;
    }

    public FlowTask<string> Ask(string name) => Ask<string>(name);

    public void Answer(string name, object? result) => fiber.Run(f => f.Complete(operations[name], result));

    public void AnswerAll(params (string Name, object? Result)[] results) => fiber.Run(f =>
    {
        foreach ((string name, object? result) in results) f.Complete(operations[name], result);
    });

    public void Fail(string name, Exception error) => fiber.Run(f => f.Fail(operations[name], error));

    /// <summary>The flow's result; its error is thrown.</summary>
    public T Result<T>() => ((FlowTask<T>)fiber.Root).Result;
}
