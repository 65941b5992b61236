using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Tests.Sdk;

public sealed class FlowScopeTests
{
    private static string Here => FlowFiber.Current.Scope.FlowClassName;

    [Fact]
    public void Every_frame_runs_in_the_scope_it_was_called_in_also_when_sub_flows_run_at_once()
    {
        var ends = new ScopeEnds();
        TestFiber flow = TestFiber.Started(async test =>
        {
            FlowTask<string> left = Sub(test, "left", ends);
            FlowTask<string> right = Sub(test, "right", ends);
            test.Story.Add($"caller in {Here}");
            await FlowTask.WhenAll(left, right);
            test.Story.Add($"caller in {Here}");
        });
        Assert.Equal(["left in left", "right in right", "caller in Test"], flow.Story);

        flow.AnswerAll(("right", ""), ("left", ""));

        Assert.Equal(["right in right", "helper in right", "left in left", "helper in left", "caller in Test"], flow.Story.Skip(3));
        Assert.Equal(["close right", "close left"], ends.Story);
    }

    [Fact]
    public void A_sub_flow_that_fails_tells_its_scope_and_leaves_the_caller_in_its_own()
    {
        var ends = new ScopeEnds();
        TestFiber flow = TestFiber.Started(async test =>
        {
            try
            {
                await Sub(test, "sub", ends);
            }
            catch (FlowException e)
            {
                test.Story.Add($"{e.Message} in {Here}");
            }
        });

        flow.Fail("sub", new FlowException("failed"));

        Assert.Equal("failed in Test", flow.Story[^1]);
        Assert.Equal(["fail sub: failed"], ends.Story);
    }

    [Fact]
    public void A_sub_flow_that_throws_at_once_leaves_the_caller_in_its_own_scope()
    {
        TestFiber flow = TestFiber.Started(async test =>
        {
            try
            {
                await SubFlowRunner.Run(new FlowScope(FlowFiber.Current.Scope, "sub", null, []), new Thrower(), new ScopeEnds());
            }
            catch (FlowException)
            {
                test.Story.Add($"caught in {Here}");
            }
        });

        Assert.Equal(["caught in Test"], flow.Story);
    }

    [Fact]
    public void Properties_of_outer_scopes_are_seen_and_inner_ones_hide_them()
    {
        var outer = new FlowScope(null, "outer", "protocol", [2]);
        var inner = new FlowScope(outer, "inner", null, []);
        outer.Properties["a"] = "outer a";
        outer.Properties["b"] = "outer b";
        inner.Properties["b"] = "inner b";

        Assert.Equal(("outer a", "inner b", null), (inner.FindProperty("a"), inner.FindProperty("b"), inner.FindProperty("c")));
        Assert.Equal("outer b", outer.FindProperty("b"));
        Assert.Equal(["a=outer a", "b=inner b"], inner.AllProperties().Select(p => $"{p.Key}={p.Value}").Order());
        Assert.Same(outer, inner.Initiating);
        Assert.Null(new FlowScope(null, "none", null, []).Initiating);
    }

    private static FlowTask<string> Sub(TestFiber test, string name, ScopeEnds ends) =>
        SubFlowRunner.Run(new FlowScope(FlowFiber.Current.Scope, name, null, []), new Teller(test, name), ends);

    private sealed class Teller(TestFiber test, string name) : SubFlow<string>
    {
        public override async FlowTask<string> Call()
        {
            test.Story.Add($"{name} in {Here}");
            string answer = await test.Ask(name);
            test.Story.Add($"{name} in {Here}");
            await Helper();
            return answer;
        }

        private async FlowTask Helper()
        {
            await FlowTask.CompletedTask;
            test.Story.Add($"helper in {Here}");
        }
    }

    private sealed class Thrower : SubFlow<string>
    {
        public override FlowTask<string> Call() => throw new FlowException("at once");
    }

    private sealed class ScopeEnds : SubFlowRunner.IScopeEnd
    {
        public List<string> Story { get; } = [];

        public FlowTask Close(FlowScope scope)
        {
            Assert.Equal(scope.FlowClassName, Here);
            Story.Add($"close {scope.FlowClassName}");
            return FlowTask.CompletedTask;
        }

        public void Fail(FlowScope scope, Exception error) => Story.Add($"fail {scope.FlowClassName}: {error.Message}");
    }
}
