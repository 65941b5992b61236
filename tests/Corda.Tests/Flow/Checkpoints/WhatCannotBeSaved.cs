using Corda.Flows;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>What no checkpoint can hold fails the flow with a message that its author can act on.</summary>
public sealed class WhatCannotBeSaved
{
    [Fact]
    public void A_stream_in_a_local_variable_is_named()
    {
        static async FlowTask Flow()
        {
            var stream = new MemoryStream();
            await Suspend(0);
            stream.WriteByte(1);
        }

        string message = Refusal(Flow);
        Assert.StartsWith("Flow Tests.SomeFlow cannot be suspended: In ", message, StringComparison.Ordinal);
        Assert.Contains(nameof(WhatCannotBeSaved), message, StringComparison.Ordinal);
        Assert.Contains("local function Flow", message, StringComparison.Ordinal);
        Assert.Contains("local variable 'stream' is a System.IO.MemoryStream", message, StringComparison.Ordinal);
        Assert.Contains("open it again after the await", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_way_from_the_variable_to_the_value_is_told()
    {
        static async FlowTask Flow()
        {
            var customers = new List<Customer> { new("ann", null), new("bob", new Connection(new MemoryStream())) };
            await Suspend(0);
            customers.Clear();
        }

        Assert.Contains("local variable 'customers'[1].Connection.stream is a System.IO.MemoryStream", Refusal(Flow), StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_of_the_flow_is_told()
    {
        Assert.Contains("Call, this.random is a System.Random", Refusal(() => new HoldsRandom(new Random(1)).Call()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_captured_variable_is_told()
    {
        static async FlowTask Flow()
        {
            var source = new CancellationTokenSource();
            Action cancel = () => source.Cancel();
            await Suspend(0);
            cancel();
        }

        string message = Refusal(Flow);
        Assert.Contains("source is a System.Threading.CancellationTokenSource", message, StringComparison.Ordinal);
        Assert.Contains("do without cancellation tokens", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("task", "await only flow operations")]
    [InlineData("token", "do without cancellation tokens")]
    [InlineData("thread", "do without threads")]
    [InlineData("timer", "IFlowEngine.Sleep")]
    [InlineData("lock", "do without locks")]
    [InlineData("query", "ToList() before the await")]
    [InlineData("finalizer", "has a finalizer")]
    [InlineData("derived", "derives from System.Collections.Generic.List")]
    [InlineData("method", "wrap the call in a lambda")]
    [InlineData("pointer", "pointers and handles")]
    [InlineData("lazy", "keep an id or a record of your own")]
    [InlineData("client", "network I/O outside of flows")]
    public void Every_kind_says_what_to_do(string kind, string whatToDo)
    {
        async FlowTask Flow()
        {
            object value = kind switch
            {
                "task" => Task.FromResult(1),
                "token" => new CancellationTokenSource().Token,
                "thread" => Thread.CurrentThread,
                "timer" => new Timer(_ => { }),
                "lock" => new SemaphoreSlim(1),
                "query" => new List<int> { 1 }.Where(x => x > 0).Select(x => x * 2),
                "finalizer" => new HasFinalizer(),
                "derived" => new DerivedList(),
                "method" => (Func<string, int>)int.Parse,
                "pointer" => (nint)5,
                "lazy" => new Lazy<int>(() => 1),
                _ => new HttpClient(),
            };
            await Suspend(0);
            GC.KeepAlive(value);
        }

        string message = Refusal(Flow);
        Assert.Contains(whatToDo, message, StringComparison.Ordinal);
        Assert.Contains("'value'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_that_only_a_foreign_exception_fits_is_refused_before_it_is_too_late()
    {
        static async FlowTask Flow()
        {
            var foreign = new Microsoft.Data.Sqlite.SqliteException("disk full", 13);
            await Suspend(0);
            GC.KeepAlive(foreign);
        }

        string message = Refusal(Flow);
        Assert.Contains("local variable 'foreign' is a Microsoft.Data.Sqlite.SqliteException", message, StringComparison.Ordinal);
        Assert.Contains("catch it as Exception", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_over_a_dictionary_through_its_oldest_interface_is_refused()
    {
        static async FlowTask Flow()
        {
            System.Collections.IDictionary map = new Dictionary<int, int> { [1] = 2 };
            foreach (System.Collections.DictionaryEntry entry in map) await Suspend(entry.Key);
        }

        Assert.Contains("iterate over the generic dictionary", Refusal(Flow), StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_leaves_the_serializer_usable()
    {
        Refusal(async () =>
        {
            var stream = new MemoryStream();
            await Suspend(0);
            stream.WriteByte(0);
        });
        Assert.Equal(3, Same(async () => await Suspend(1) + await Suspend(2)));
    }

    [Fact]
    public void A_type_outside_the_package_is_refused()
    {
        static async FlowTask Flow()
        {
            var foreign = new Corda.Workers.Flow.Checkpoints.IdentityMap();
            await Suspend(0);
            GC.KeepAlive(foreign);
        }

        Assert.Contains("only types of the flow's own package", Refusal(Flow), StringComparison.Ordinal);
    }

    private sealed record Customer(string Name, Connection? Connection);

    private sealed class Connection(Stream stream)
    {
        public long Length => stream.Length;
    }

    private sealed class HoldsRandom(Random random)
    {
        public async FlowTask<int> Call() => await Suspend(0) + random.Next();
    }

    private sealed class HasFinalizer
    {
#pragma warning disable MA0055 // The test is about finalizers.
        ~HasFinalizer() => GC.KeepAlive(this);
#pragma warning restore MA0055
    }

    private sealed class DerivedList : List<int>;
}
