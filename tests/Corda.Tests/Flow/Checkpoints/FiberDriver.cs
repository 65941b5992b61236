using System.Reflection;
using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Packaging;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>
/// Runs flow code on a fiber. At every suspension the fiber is saved, thrown away and restored from its bytes; the same code also runs
/// undisturbed, and both must come to the same end.
/// </summary>
internal sealed class FiberDriver
{
    [ThreadStatic]
    private static FiberDriver? running;

    private readonly Dictionary<int, object?> answers = [];
    private readonly bool restores;

    public FiberDriver(bool restores) => this.restores = restores;

    public static FlowPackage Package { get; } = PackageOf(typeof(FiberDriver).Assembly);

    public static FrameGraphSerializer Serializer { get; } = new(Package);

    /// <summary>The platform's services, as flows hold them.</summary>
    public static FlowExternals Externals { get; } = new([new PlatformService(), TimeProvider.System]);

    public static PlatformService Service => (PlatformService)Externals.Services[0];

    /// <summary>The bytes of every suspension.</summary>
    public List<byte[]> Saved { get; } = [];

    public static FlowPackage PackageOf(params Assembly[] assemblies) => new(
        "tests", "1", "00", assemblies, new Dictionary<string, StartableFlowDefinition>(), []);

    /// <summary>Runs both ways and asserts that the ends are equal; answers the result.</summary>
    public static T Same<T>(Func<FlowTask<T>> flow)
    {
        T undisturbed = new FiberDriver(restores: false).Run(flow);
        var driver = new FiberDriver(restores: true);
        T restored = driver.Run(flow);
        Assert.NotEmpty(driver.Saved);
        Assert.Equal(undisturbed, restored);
        return restored;
    }

    /// <summary>Runs flow code to its first suspension.</summary>
    public static FlowFiber Suspended(Func<FlowTask> flow)
    {
        var fiber = new FlowFiber(new FlowScope(null, "Tests.SomeFlow", "some-protocol", [1]));
        new FiberDriver(restores: false).Within(() => fiber.Start(flow));
        return fiber;
    }

    /// <summary>What saving code that is suspended says.</summary>
    public static string Refusal(Func<FlowTask> flow) =>
        Assert.Throws<CheckpointException>(() => Serializer.Save(Suspended(flow), Externals)).Message;

    /// <summary>A suspension: the driver answers with the value.</summary>
    public static FlowTask<T> Suspend<T>(T value)
    {
        FlowOperation<T> operation = FlowFiber.Current.NewOperation<T>();
        running!.answers.Add(operation.Id, value);
        return operation;
    }

    /// <summary>A suspension that ends with an error.</summary>
    public static FlowTask<T> SuspendThenThrow<T>(Exception error)
    {
        FlowOperation<T> operation = FlowFiber.Current.NewOperation<T>();
        running!.answers.Add(operation.Id, error);
        return operation;
    }

    public T Run<T>(Func<FlowTask<T>> flow)
    {
        var fiber = new FlowFiber(new FlowScope(null, "Tests.SomeFlow", "some-protocol", [1]));
        Within(() => fiber.Start(flow));
        while (!fiber.Root.IsCompleted)
        {
            fiber = Checkpointed(fiber);
            IFlowOperation next = fiber.Pending[0];
            object? answer = answers[next.Id];
            Within(() => fiber.Run(f =>
            {
                if (answer is Exception error) f.Fail(next, error);
                else f.Complete(next, answer);
            }));
        }

        return ((FlowTask<T>)fiber.Root).Result;
    }

    private FlowFiber Checkpointed(FlowFiber fiber)
    {
        if (!restores) return fiber;
        byte[] frames = Serializer.Save(fiber, Externals);
        Saved.Add(frames);
        FlowFiber restored = Serializer.Restore(frames, Externals);
        Assert.Equal(frames.Length, Serializer.Save(restored, Externals).Length);
        return restored;
    }

    private void Within(Action action)
    {
        running = this;
        try
        {
            action();
        }
        finally
        {
            running = null;
        }
    }
}

/// <summary>A service of the platform, which no checkpoint saves.</summary>
internal sealed class PlatformService
{
    public List<string> Heard { get; } = [];

    public string Hear(string what)
    {
        Heard.Add(what);
        return $"heard {what}";
    }
}
