using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Tests.Support;
using Corda.Workers.Flow.Checkpoints;
using Xunit.Abstractions;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>A checkpoint is small, quick, and no bigger after a thousand steps than after one.</summary>
public sealed class SizeAndSpeed(ITestOutputHelper output)
{
    [Fact]
    public void Three_nested_frames_take_less_than_300_bytes()
    {
        FlowFiber fiber = Suspended(Outer);
        byte[] frames = Serializer.Save(fiber, Externals);
        for (int i = 0; i < 3000; i++) fiber = Serializer.Restore(Serializer.Save(fiber, Externals), Externals);
        long start = Stopwatch.GetTimestamp();
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        const int rounds = 10_000;
        for (int i = 0; i < rounds; i++) frames = Serializer.Save(fiber, Externals);
        TimeSpan saving = Stopwatch.GetElapsedTime(start);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < rounds; i++) fiber = Serializer.Restore(frames, Externals);
        TimeSpan restoring = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"{frames.Length} bytes; save {saving.TotalMicroseconds / rounds:F2} us, {allocated / rounds} bytes allocated; restore {restoring.TotalMicroseconds / rounds:F2} us");
        Assert.InRange(frames.Length, 1, 300);
    }

    [Fact]
    public void The_size_does_not_grow_with_the_steps()
    {
        static async FlowTask<int> Flow()
        {
            int sum = 0;
            for (int i = 0; i < 2000; i++) sum += await Suspend(1);
            return sum;
        }

        var driver = new FiberDriver(restores: true);
        Assert.Equal(2000, driver.Run(Flow));
        Assert.InRange(driver.Saved[^1].Length, 0, driver.Saved[0].Length + 8);
    }

    [Fact]
    public void A_package_can_be_unloaded_after_its_flows_were_saved()
    {
        WeakReference context = SaveInOwnContext();
        for (int i = 0; i < 20 && context.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(context.IsAlive, "the load context was still alive after 20 collections");
    }

    [Fact]
    public void Many_threads_save_and_restore_at_once()
    {
        byte[] expected = Serializer.Save(Suspended(Outer), Externals);
        var fresh = new FrameGraphSerializer(Package);
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            FlowFiber fiber = fresh.Restore(expected, Externals);
            Assert.Equal(expected.Length, fresh.Save(fiber, Externals).Length);
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference SaveInOwnContext()
    {
        const string source = """
            public sealed record Thing(int Number, Func<int, int> Add);
            public sealed class Snippet
            {
                public static async FlowTask<int> Run(IFlowEngine engine)
                {
                    var things = new List<Thing> { new(1, x => x + 1) };
                    foreach (Thing thing in things) await engine.Sleep(TimeSpan.Zero);
                    return things[0].Add(1);
                }
            }
            """;
        using var code = new MemoryStream();
        Assert.True(Compiler.Compile(source).Emit(code).Success);
        code.Position = 0;
        var context = new AssemblyLoadContext("package", isCollectible: true);
        Assembly package = context.LoadFromStream(code);
        var engine = new SleepingEngine();
        var externals = new FlowExternals([engine]);
        var serializer = new FrameGraphSerializer(PackageOf(package));
        var run = package.GetType("Snippet")!.GetMethod("Run")!.CreateDelegate<Func<IFlowEngine, FlowTask<int>>>();
        FlowFiber fiber = Suspended(() => run(engine));
        fiber = serializer.Restore(serializer.Save(fiber, externals), externals);
        fiber.Run(f => f.Complete(f.Pending[0], null));
        Assert.Equal(2, ((FlowTask<int>)fiber.Root).Result);
        context.Unload();
        return new WeakReference(context);
    }

    private static async FlowTask Outer()
    {
        string name = "outer";
        try
        {
            foreach (int number in new List<int> { 1, 2, 3 }) await Middle(number);
        }
        catch (InvalidOperationException)
        {
            name = "failed";
        }

        GC.KeepAlive(name);
    }

    private static async FlowTask<int> Middle(int x) => x + await Inner(x);

    private static async FlowTask<int> Inner(int x) => x + await Suspend(x);

    private sealed class SleepingEngine : IFlowEngine
    {
        public string FlowId => "flow";

        public MemberX500Name VirtualNodeName => throw new NotSupportedException();

        public IFlowContextProperties Properties => throw new NotSupportedException();

        public FlowTask<T> SubFlow<T>(SubFlow<T> subFlow) => throw new NotSupportedException();

        public FlowTask Sleep(TimeSpan duration) => FlowFiber.Current.NewOperation<Unit>();
    }
}
