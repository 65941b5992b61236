using Corda.Flows;
using Corda.Flows.CompilerServices;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>Several tasks at once, failed ones nobody has awaited, and sub-flows with scopes of their own.</summary>
public sealed class PendingTasks
{
    [Fact]
    public void Several_tasks_under_way_end_one_by_one()
    {
        static async FlowTask<int> Work(int n) => await Suspend(n) + await Suspend(n);
        static async FlowTask<string> Flow()
        {
            int[] all = await FlowTask.WhenAll(Work(1), Work(2), Work(3));
            FlowTask<int> slow = Work(10);
            FlowTask<int> quick = Suspend(5);
            FlowTask first = await FlowTask.WhenAny(slow, quick);
            await FlowTask.WhenAll(slow, quick);
            return $"{string.Join(' ', all)} {ReferenceEquals(first, quick)} {slow.Result} {await slow}";
        }

        Assert.Equal("2 4 6 True 20 20", Same(Flow));
    }

    [Fact]
    public void A_failed_task_keeps_its_error_until_it_is_awaited()
    {
        static async FlowTask<int> Fails(string message)
        {
            await Suspend(0);
            throw new NotSupportedException(message);
        }

        static async FlowTask<string> Flow()
        {
            FlowTask<int> failed = Fails("late");
            FlowTask<int>[] several = [Fails("one"), Suspend(1)];
            await Suspend(0);
            await Suspend(0);
            string seen = "";
            try
            {
                await failed;
            }
            catch (NotSupportedException e)
            {
                seen += e.Message;
            }

            try
            {
                await FlowTask.WhenAll(several);
            }
            catch (NotSupportedException e)
            {
                seen += e.Message;
            }

            return seen + failed.IsFaulted;
        }

        Assert.Equal("lateoneTrue", Same(Flow));
    }

    [Fact]
    public void A_sub_flow_keeps_its_own_scope_beside_its_callers()
    {
        static FlowTask<int> Sub(int n)
        {
            var scope = new FlowScope(FlowFiber.Current.Scope, $"Tests.Sub{n}", null, []);
            scope.Properties["depth"] = $"{n}";
            return SubFlowRunner.Run(scope, new Doubled(n), new ScopeEnd());
        }

        static async FlowTask<string> Flow()
        {
            FlowFiber.Current.Scope.Properties["outer"] = "o";
            int[] both = await FlowTask.WhenAll(Sub(1), Sub(2));
            return $"{string.Join(' ', both)} {FlowFiber.Current.Scope.FlowClassName} {FlowFiber.Current.Scope.FindProperty("outer")}";
        }

        Assert.Equal("3 6 Tests.SomeFlow o", Same(Flow));
    }

    [Fact]
    public void A_foreign_exception_comes_back_as_a_flow_exception_that_names_it()
    {
        static async FlowTask<string> Flow()
        {
            Exception foreign = new Microsoft.Data.Sqlite.SqliteException("disk full", 13);
            await Suspend(0);
            return foreign is FlowException ? foreign.Message : "itself";
        }

        Assert.Equal("Microsoft.Data.Sqlite.SqliteException: disk full", new FiberDriver(restores: true).Run(Flow));
    }

    [Fact]
    public void The_trace_of_an_exception_does_not_grow_with_the_checkpoints()
    {
        static async FlowTask<int> Flow()
        {
            Exception? held = null;
            try
            {
                throw new InvalidOperationException("held");
            }
            catch (InvalidOperationException e)
            {
                held = e;
            }

            for (int i = 0; i < 5; i++) await Suspend(0);
            return held.StackTrace!.Length;
        }

        var driver = new FiberDriver(restores: true);
        driver.Run(Flow);
        Assert.Single(driver.Saved.Select(frames => frames.Length).Distinct());
    }

    private sealed class Doubled(int n) : SubFlow<int>
    {
        public override async FlowTask<int> Call()
        {
            int a = await Suspend(n);
            int b = await Suspend(n);
            return a + b + int.Parse(FlowFiber.Current.Scope.FindProperty("depth")!) * (FlowFiber.Current.Scope.FindProperty("outer") == "o" ? 1 : 100);
        }
    }

    private sealed class ScopeEnd : SubFlowRunner.IScopeEnd
    {
        public FlowTask Close(FlowScope scope) => Suspend(0);

        public void Fail(FlowScope scope, Exception error)
        {
        }
    }
}
