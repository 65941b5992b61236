using Corda.Flows;
using Corda.Tests.Support;
using Corda.Workers.Packaging;

namespace Corda.Tests.Packaging;

public sealed class FlowPackageStoreTests : IDisposable
{
    private readonly TemporaryFolder temp = new();

    private string DataFolder => temp["data"];

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Flows_and_responders_are_found_with_their_types_and_protocols()
    {
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("buy"));

        FlowPackage package = Assert.Single(Open(main).Current);

        Assert.Equal(("Trades", "1.2.3.4"), (package.Name, package.Version));
        Assert.Matches("^[0-9a-f]{64}$", package.Hash);
        StartableFlowDefinition flow = package.Flows["Trades.Buy"];
        Assert.Equal(("Order", "Int32", "trade"), (flow.RequestType.Name, flow.ResultType.Name, flow.Protocol));
        Assert.Equal([1, 2], flow.ProtocolVersions);
        ResponderFlowDefinition responder = Assert.Single(package.Responders);
        Assert.Equal(("Trades.Sell", "trade"), (responder.ClassName, responder.Protocol));
        Assert.Equal([2], responder.ProtocolVersions);
    }

    [Fact]
    public void Two_versions_of_a_package_run_side_by_side()
    {
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("first"));
        string firstHash = Assert.Single(Open(main).Current).Hash;
        Compiler.CompileTo(temp["flows"], "Trades", Trades("second"));

        FlowPackageStore store = Open(main);

        FlowPackage second = Assert.Single(store.Current);
        FlowPackage first = store.Get(firstHash);
        Assert.NotEqual(firstHash, second.Hash);
        Assert.Equal(("first", "second"), (Motto(first), Motto(second)));
        Assert.Same(first, store.Get(firstHash));
        Assert.Same(second, store.Get(second.Hash));
        Assert.True(first.Flows["Trades.Buy"].Type.IsAssignableTo(typeof(ClientStartableFlow<,>).MakeGenericType(first.Flows["Trades.Buy"].RequestType, typeof(int))));
    }

    [Fact]
    public void The_same_content_is_the_same_package_wherever_it_stands()
    {
        string here = Compiler.CompileTo(temp["here"], "Trades", Trades("same"));
        string there = Compiler.CompileTo(temp["there"], "Trades", Trades("same"));

        Assert.Equal(Assert.Single(Open(here).Current).Hash, Assert.Single(Open(there).Current).Hash);
        Assert.Single(Open(here, there).Current);
    }

    [Fact]
    public void A_package_uses_the_libraries_of_its_own_folder()
    {
        string library = Compiler.CompileTo(temp["flows", "Trades"], "Prices", "namespace Prices { public static class Book { public static string Motto => \"from the library\"; } }");
        string main = Compiler.CompileTo(temp["flows", "Trades"], "Trades", Trades("x").Replace("\"x\"", "Prices.Book.Motto", StringComparison.Ordinal), library);
        File.Copy(typeof(FlowTask).Assembly.Location, temp["flows", "Trades", "Corda.Flows.Sdk.dll"]);

        FlowPackage package = Assert.Single(Open(Path.GetDirectoryName(main)!).Current);

        Assert.Equal("from the library", Motto(package));
        Assert.Equal(["Trades", "Prices"], package.Assemblies.Select(a => a.GetName().Name));
        string changed = Compiler.CompileTo(temp["flows", "Trades"], "Prices", "namespace Prices { public static class Book { public static string Motto => \"changed\"; } }");
        Assert.NotEqual(package.Hash, Assert.Single(Open(main).Current).Hash);
        Assert.NotNull(changed);
    }

    [Fact]
    public void Packages_are_found_by_folder_and_by_pattern()
    {
        Compiler.CompileTo(temp["flows"], "Trades", Trades("x"));
        Compiler.CompileTo(temp["flows", "Other"], "Other", Trades("y").Replace("trade", "other", StringComparison.Ordinal).Replace("Trades", "Others", StringComparison.Ordinal));
        File.WriteAllText(temp["flows", "readme.txt"], "no package");

        Assert.Equal(["Other", "Trades"], Open(temp["flows"]).Current.Select(p => p.Name).Order());
        Assert.Equal(["Trades"], Open(temp["flows", "*.dll"]).Current.Select(p => p.Name));
    }

    [Fact]
    public void A_path_without_packages_is_refused()
    {
        var error = Assert.Throws<FlowPackageException>(() => Open(temp["nowhere"]));

        Assert.Contains($"{temp["nowhere"]}: there is no flow package", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_library_is_named_before_anything_runs()
    {
        string library = Compiler.CompileTo(temp["elsewhere"], "Prices", "namespace Prices { public static class Book { public static string Motto => \"\"; } }");
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("x").Replace("\"x\"", "Prices.Book.Motto", StringComparison.Ordinal), library);

        var error = Assert.Throws<FlowPackageException>(() => Open(main));

        Assert.Contains("it uses Prices, which is neither in the package nor shared", error.Message, StringComparison.Ordinal);
        Assert.Contains("a folder named Trades", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Trades.dll")]
    [InlineData("package.sha256")]
    public void A_damaged_copy_is_named_and_never_loaded(string damaged)
    {
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("first"));
        string hash = Assert.Single(Open(main).Current).Hash;
        Compiler.CompileTo(temp["flows"], "Trades", Trades("second"));
        FlowPackageStore store = Open(main);
        string copy = Path.Combine(DataFolder, "packages", hash, damaged);
        byte[] whole = File.ReadAllBytes(copy);
        byte[] flipped = [.. whole];
        flipped[flipped.Length / 2] ^= 1;
        File.WriteAllBytes(copy, flipped);

        Assert.Contains($"{copy} is damaged", Assert.Throws<FlowPackageException>(() => store.Get(hash)).Message, StringComparison.Ordinal);

        File.WriteAllBytes(copy, whole);
        Assert.Equal("first", Motto(store.Get(hash)));
    }

    [Fact]
    public void A_copy_cut_short_by_a_crash_is_made_again()
    {
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("x"));
        string hash = Assert.Single(new FlowPackageStore([main], dataFolder: null).Current).Hash;
        Directory.CreateDirectory(temp["data", "packages", $".{hash}.unfinished"]);
        File.WriteAllText(temp["data", "packages", $".{hash}.unfinished", "Trades.dll"], "half");

        Assert.Equal("x", Motto(Assert.Single(Open(main).Current)));

        Assert.Equal([hash], Directory.GetDirectories(temp["data", "packages"]).Select(Path.GetFileName));
    }

    [Fact]
    public void An_unknown_hash_is_refused_with_its_folder()
    {
        FlowPackageStore store = Open(Compiler.CompileTo(temp["flows"], "Trades", Trades("x")));
        string unknown = new('a', 64);

        Assert.Contains(temp["data", "packages", unknown], Assert.Throws<FlowPackageException>(() => store.Get(unknown)).Message, StringComparison.Ordinal);
        Assert.Contains("is not the content hash", Assert.Throws<FlowPackageException>(() => store.Get("../../etc")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_data_folder_packages_live_in_memory()
    {
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("x"));
        var store = new FlowPackageStore([main], dataFolder: null);
        File.Delete(main);

        FlowPackage package = Assert.Single(store.Current);
        Assert.Equal("x", Motto(store.Get(package.Hash)));
        Assert.Contains("without a data folder", Assert.Throws<FlowPackageException>(() => store.Get(new string('a', 64))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_threads_get_one_package()
    {
        string main = Compiler.CompileTo(temp["flows"], "Trades", Trades("first"));
        string hash = Assert.Single(Open(main).Current).Hash;
        Compiler.CompileTo(temp["flows"], "Trades", Trades("second"));
        FlowPackageStore store = Open(main);
        var packages = new FlowPackage[8];

        Parallel.For(0, packages.Length, i => packages[i] = store.Get(hash));

        Assert.Single(packages.Distinct(ReferenceEqualityComparer.Instance));
    }

    private static string? Motto(FlowPackage package) => (string?)package.Assemblies[0].GetType("Trades.Buy")!.GetProperty("Motto")!.GetValue(null);

    private static string Trades(string motto) => $$"""
        [assembly: System.Reflection.AssemblyVersion("1.2.3.4")]
        namespace Trades
        {
            public sealed record Order(string Item, int Count = 1);

            [InitiatingFlow("trade", 1, 2)]
            public sealed class Buy(IFlowMessaging messaging, TimeProvider time) : ClientStartableFlow<Order, int>
            {
                public static string Motto => "{{motto}}";
                public override async FlowTask<int> Call(Order order)
                {
                    var session = messaging.InitiateFlow(MemberX500Name.Parse("O=A, L=B, C=GB"));
                    return await session.SendAndReceive<int>(order) + time.GetUtcNow().Year;
                }
            }

            [InitiatedBy("trade", 2)]
            public sealed class Sell : ResponderFlow
            {
                public override FlowTask Call(FlowSession session) => session.Send(1);
            }

            public abstract class NotAFlowYet<T> : ClientStartableFlow<T, T> { }
        }
        """;

    private FlowPackageStore Open(params string[] paths) => new(paths, DataFolder);
}
