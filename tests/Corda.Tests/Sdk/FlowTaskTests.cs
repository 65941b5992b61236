using Corda.Flows;

namespace Corda.Tests.Sdk;

public sealed class FlowTaskTests
{
    [Fact]
    public void A_flow_runs_to_its_first_open_await_and_on_from_there()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            test.Story.Add("before");
            test.Story.Add(await test.Ask("a"));
            test.Story.Add("after");
        });

        Assert.Equal(["before"], flow.Story);
        Assert.False(flow.IsCompleted);

        flow.Answer("a", "answered");

        Assert.Equal(["before", "answered", "after"], flow.Story);
        Assert.True(flow.IsCompleted);
        Assert.Equal(0, flow.PendingCount);
    }

    [Fact]
    public void What_has_ended_is_awaited_without_a_stop()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            await FlowTask.CompletedTask;
            test.Story.Add(await FlowTask.FromResult("result"));
            try
            {
                await FlowTask.FromException(new InvalidOperationException("error"));
            }
            catch (InvalidOperationException e)
            {
                test.Story.Add(e.Message);
            }
        });

        Assert.True(flow.IsCompleted);
        Assert.Equal(["result", "error"], flow.Story);
    }

    [Fact]
    public void Operations_are_under_way_from_their_call_and_may_end_in_any_order()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            FlowTask<string> first = test.Ask("first");
            FlowTask<string> second = Twice(test);
            test.Story.Add("both asked");
            test.Story.Add(await first);
            test.Story.Add(await second);
        });
        Assert.Equal(["both asked"], flow.Story);
        Assert.Equal(2, flow.PendingCount);

        flow.Answer("second", "2");
        Assert.Equal(["both asked"], flow.Story);
        flow.Answer("first", "1");

        Assert.Equal(["both asked", "1", "22"], flow.Story);

        static async FlowTask<string> Twice(TestFiber test)
        {
            string s = await test.Ask("second");
            return s + s;
        }
    }

    [Fact]
    public void Frames_go_on_in_the_order_in_which_their_operations_ended()
    {
        TestFiber flow = TestFiber.Started(test => FlowTask.WhenAll(Tell(test, "a"), Tell(test, "b"), Tell(test, "c")));

        flow.AnswerAll(("c", "3"), ("a", "1"), ("b", "2"));

        Assert.Equal(["c3", "a1", "b2"], flow.Story);
        Assert.True(flow.IsCompleted);

        static async FlowTask Tell(TestFiber test, string name) => test.Story.Add(name + await test.Ask(name));
    }

    [Fact]
    public void An_error_passes_finally_blocks_and_stops_at_the_filter_that_takes_it()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            try
            {
                await Inner(test);
            }
            catch (FlowException e) when (e.Message == "other")
            {
                test.Story.Add("wrong filter");
            }
            catch (FlowException e) when (Note(test, e))
            {
                test.Story.Add("caught " + await test.Ask("in catch"));
            }
        });

        flow.Fail("a", new FlowException("boom"));
        flow.Answer("in finally", "");
        flow.Answer("in catch", "it");

        Assert.Equal(["finally", "filter boom", "caught it"], flow.Story);
        Assert.True(flow.IsCompleted);
        Assert.Null(flow.Error);

        static async FlowTask Inner(TestFiber test)
        {
            try
            {
                await test.Ask("a");
            }
            finally
            {
                await test.Ask("in finally");
                test.Story.Add("finally");
            }
        }

        static bool Note(TestFiber test, Exception e)
        {
            test.Story.Add("filter " + e.Message);
            return true;
        }
    }

    [Fact]
    public void An_error_that_leaves_the_flow_is_its_end_and_keeps_its_place()
    {
        TestFiber flow = TestFiber.Started(test => ThrowAfter(test));

        flow.Answer("a", "");

        Assert.True(flow.IsCompleted);
        Assert.Equal("thrown here", flow.Error!.Message);
        Assert.Contains(nameof(ThrowAfter), flow.Error.StackTrace, StringComparison.Ordinal);
        Assert.Same(flow.Error, Assert.Throws<FlowException>(flow.Result<object>));

        static async FlowTask<object> ThrowAfter(TestFiber test)
        {
            await test.Ask("a");
            throw new FlowException("thrown here");
        }
    }

    [Fact]
    public void One_task_may_be_awaited_by_many_and_again()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            FlowTask<string> shared = test.Ask("a");
            await FlowTask.WhenAll(Tell(test, shared), Tell(test, shared), Tell(test, shared));
            test.Story.Add(await shared);
            test.Story.Add(shared.Result);
        });

        flow.Answer("a", "x");

        Assert.Equal(["x", "x", "x", "x", "x"], flow.Story);
        Assert.True(flow.IsCompleted);

        static async FlowTask Tell(TestFiber test, FlowTask<string> shared) => test.Story.Add(await shared);
    }

    [Fact]
    public void WhenAll_answers_in_argument_order()
    {
        TestFiber flow = TestFiber.Started(test => FlowTask.WhenAll(test.Ask<int>("a"), test.Ask<int>("b"), FlowTask.FromResult(3)));

        flow.Answer("b", 2);
        Assert.False(flow.IsCompleted);
        flow.Answer("a", 1);

        Assert.Equal([1, 2, 3], flow.Result<int[]>());
    }

    [Fact]
    public void WhenAll_waits_for_all_and_throws_the_first_error_in_argument_order()
    {
        TestFiber flow = TestFiber.Started(test => FlowTask.WhenAll(test.Ask<int>("a"), test.Ask("b"), test.Ask("c")));

        flow.Fail("c", new FlowException("c failed"));
        flow.Fail("b", new FlowException("b failed"));
        Assert.False(flow.IsCompleted);
        flow.Answer("a", 1);

        Assert.Equal("b failed", flow.Error?.Message);
    }

    [Fact]
    public void WhenAll_of_nothing_has_ended() => Assert.True(FlowTask.WhenAll().IsCompleted);

    [Fact]
    public void WhenAll_does_not_see_what_the_caller_does_to_the_list_later()
    {
        var tasks = new List<FlowTask>();
        TestFiber flow = TestFiber.Started(test =>
        {
            tasks.Add(test.Ask("a"));
            return FlowTask.WhenAll(tasks);
        });
        tasks.Clear();

        Assert.False(flow.IsCompleted);
        flow.Answer("a", "");
        Assert.True(flow.IsCompleted);
    }

    [Fact]
    public void WhenAny_answers_the_first_to_end_and_lets_go_of_the_others()
    {
        FlowTask<string>? loser = null;
        TestFiber flow = TestFiber.Started(async test =>
        {
            loser = test.Ask("slow");
            FlowTask<string> winner = test.Ask("fast");
            FlowTask first = await FlowTask.WhenAny(loser, winner, winner);
            test.Story.Add(ReferenceEquals(first, winner) ? "fast won" : "slow won");
            test.Story.Add(await loser);
        });

        flow.Answer("fast", "");
        Assert.Equal(["fast won"], flow.Story);
        Assert.Equal(1, flow.PendingCount);

        flow.Answer("slow", "slow came too");
        Assert.Equal(["fast won", "slow came too"], flow.Story);
    }

    [Fact]
    public void WhenAny_leaves_nothing_behind_on_a_task_that_is_raced_again_and_again()
    {
        FlowTask<string>? patient = null;
        TestFiber flow = TestFiber.Started(async test =>
        {
            patient = test.Ask("patient");
            for (int i = 0; i < 100; i++) await FlowTask.WhenAny(patient, test.Ask($"tick {i}"));
        });

        for (int i = 0; i < 99; i++) flow.Answer($"tick {i}", "");

        Assert.Equal(1, Continuations(patient!));

        static int Continuations(FlowTask task) =>
            typeof(FlowTask).GetField("continuation", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(task) switch
            {
                null => 0,
                System.Collections.ICollection many => many.Count,
                _ => 1,
            };
    }

    [Fact]
    public void WhenAny_answers_a_failed_task_without_throwing()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            FlowTask first = await FlowTask.WhenAny(test.Ask("a"), test.Ask("b"));
            test.Story.Add(first.Exception!.Message);
        });

        flow.Fail("b", new FlowException("failed"));

        Assert.Equal(["failed"], flow.Story);
        Assert.Null(flow.Error);
    }

    [Fact]
    public void WhenAny_of_nothing_is_refused() => Assert.Throws<ArgumentException>(() => FlowTask.WhenAny());

    [Fact]
    public void A_task_whose_method_has_ended_keeps_none_of_its_locals()
    {
        (TestFiber flow, WeakReference local) = Run();

        flow.Answer("inner", "");
        GC.Collect();

        Assert.False(local.IsAlive);
        Assert.False(flow.IsCompleted);
        GC.KeepAlive(flow);

        static (TestFiber Flow, WeakReference Local) Run()
        {
            WeakReference? local = null;
            TestFiber flow = TestFiber.Started(async test =>
            {
                FlowTask<int> kept = Inner(test, r => local = r);
                await test.Ask("outer");
                await kept;
            });
            return (flow, local!);
        }

        static async FlowTask<int> Inner(TestFiber test, Action<WeakReference> tell)
        {
            var big = new byte[100];
            tell(new WeakReference(big));
            await test.Ask("inner");
            return big.Length;
        }
    }
}
