using Corda.Flows;

namespace Corda.Tests.Sdk;

/// <summary>What flow code must not do fails that flow, with words that help.</summary>
public sealed class FlowUsageTests
{
    [Fact]
    public void A_foreign_await_fails_the_flow_and_names_method_and_awaiter()
    {
        TestFiber flow = TestFiber.Started(_ => WaitsForATask());

        string message = Assert.IsType<FlowUsageException>(flow.Error).Message;
        Assert.Contains("FlowUsageTests.WaitsForATask awaits TaskAwaiter<Int32>", message, StringComparison.Ordinal);
        Assert.Contains("IFlowEngine.Sleep instead of Task.Delay", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Awaiting_a_flow_task_outside_a_flow_fails_the_awaiting_method_and_nobody_else()
    {
        Task? outside = null;
        TestFiber flow = TestFiber.Started(async test =>
        {
            FlowTask<string> open = test.Ask("a");
            outside = OutsideAsync(open);
            test.Story.Add(await open);
        });

        string message = (await Assert.ThrowsAsync<FlowUsageException>(() => outside!)).Message;
        Assert.Contains("return FlowTask instead of Task or ValueTask", message, StringComparison.Ordinal);
        flow.Answer("a", "unharmed");
        Assert.Equal(["unharmed"], flow.Story);

        static async Task OutsideAsync(FlowTask<string> task) => await task;
    }

    [Fact]
    public void A_result_is_not_taken_before_it_is_there()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            FlowTask<string> open = test.Ask("a");
            FlowTask untyped = open;
            Assert.Throws<FlowUsageException>(() => open.Result);
            Assert.Throws<FlowUsageException>(() => open.GetAwaiter().GetResult());
            Assert.Throws<FlowUsageException>(() => untyped.GetAwaiter().GetResult());
            test.Story.Add(await open);
        });

        flow.Answer("a", "there");

        Assert.Equal(["there"], flow.Story);
    }

    [Fact]
    public void A_flow_operation_on_another_thread_is_refused()
    {
        TestFiber flow = TestFiber.Started(test =>
        {
            Exception? error = null;
            var thread = new Thread(() => error = Record.Exception(() => test.Ask("a")));
            thread.Start();
            thread.Join();
            return FlowTask.FromException(error!);
        });

        Assert.Contains("called outside a flow", Assert.IsType<FlowUsageException>(flow.Error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recursion_without_end_fails_the_flow_and_not_the_process()
    {
        TestFiber flow = TestFiber.Started(_ => Forever(0));

        Assert.Contains("FlowUsageTests.Forever calls itself too deeply", Assert.IsType<FlowUsageException>(flow.Error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_thousand_frames_go_on_without_using_the_stack()
    {
        const int Depth = 100_000;
        TestFiber? flow = null;

        // Going down takes stack, as any recursion does; coming back must not.
        var deep = new Thread(() => flow = TestFiber.Started(test => Down(test, Depth)), maxStackSize: 512 * 1024 * 1024);
        deep.Start();
        deep.Join();
        var shallow = new Thread(() => flow!.Answer("bottom", 0), maxStackSize: 256 * 1024);
        shallow.Start();
        shallow.Join();

        Assert.Equal(Depth, flow!.Result<int>());

        static async FlowTask<int> Down(TestFiber test, int depth) => depth == 0 ? await test.Ask<int>("bottom") : 1 + await Down(test, depth - 1);
    }

    [Fact]
    public void Two_fibers_cannot_share_a_thread()
    {
        TestFiber flow = TestFiber.Started(test =>
        {
            Assert.Throws<InvalidOperationException>(() => TestFiber.Started(_ => FlowTask.CompletedTask));
            return test.Ask("a");
        });

        flow.Answer("a", "goes on");
        Assert.Equal("goes on", flow.Result<string>());
    }

    private static async FlowTask WaitsForATask() => await new TaskCompletionSource<int>().Task;

    private static async FlowTask<int> Forever(int depth) => 1 + await Forever(depth + 1);
}
