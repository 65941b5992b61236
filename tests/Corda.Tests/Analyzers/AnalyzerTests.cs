using System.Collections.Immutable;
using Corda.Flows.Analyzers;
using Corda.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Corda.Tests.Analyzers;

/// <summary>Every rule with what it catches and with what comes near and is fine.</summary>
public sealed class AnalyzerTests
{
    /// <summary>Members of a flow; then the rule broken there, with the part of the text it points at.</summary>
    public static TheoryData<string, string, string> Hits { get; } = new()
    {
        { "async FlowTask M() { await Task.Delay(1); }", "CORDA001", "Task.Delay(1)" },
        { "async FlowTask M() { await Task.CompletedTask.ConfigureAwait(false); }", "CORDA001", "Task.CompletedTask.ConfigureAwait(false)" },
        { "async FlowTask<int> M() { Func<FlowTask> f = async () => await Task.Yield(); await f(); return 1; }", "CORDA001", "Task.Yield()" },
        { "async FlowTask M(IAsyncEnumerable<int> many) { await foreach (int i in many) { } }", "CORDA001", "many" },
        { "async FlowTask M() { await using (Make()) { } } IAsyncDisposable Make() => null;", "CORDA001", "Make()" },
        { "async void M() => await Task.Yield();", "CORDA002", "M" },
        { "async Task M() => await Task.Yield();", "CORDA002", "M" },
        { "async ValueTask<int> M() { await Task.Yield(); return 1; }", "CORDA002", "M" },
        { "void M() { Action a = async () => await Task.Yield(); a(); }", "CORDA002", "async () => await Task.Yield()" },
        { "void M() { Go(); async Task Go() => await Task.Yield(); }", "CORDA002", "Go" },
        { "async FlowTask M() { var s = new System.IO.MemoryStream(); await F(); s.WriteByte(1); }", "CORDA003", "s" },
        { "async FlowTask M(System.IO.Stream s) { s.ReadByte(); await F(); s.ReadByte(); }", "CORDA003", "s" },
        { "async FlowTask M() { using var s = new System.IO.MemoryStream(); await F(); }", "CORDA003", "s" },
        { "async FlowTask M() { using (var s = new System.IO.StringReader(\"\")) { await F(); } }", "CORDA003", "s" },
        { "async FlowTask M() { var c = new System.Net.Http.HttpClient(); for (int i = 0; i < 3; i++) { c.CancelPendingRequests(); await F(); } }", "CORDA003", "c" },
        { "async FlowTask M() { Task t = Other(); await F(); t.Wait(); } Task Other() => null;", "CORDA003", "t" },
        { "async FlowTask M(int[] xs) { foreach (int x in xs.Where(x => x > 1)) await F(); }", "CORDA003", "xs.Where(x => x > 1)" },
        { "private readonly System.Threading.SemaphoreSlim gate = new(1);", "CORDA003", "gate" },
        { "void M() { Task.Run(() => { }); }", "CORDA006", "Task.Run(() => { })" },
        { "void M() { Parallel.For(0, 3, i => { }); }", "CORDA006", "Parallel.For(0, 3, i => { })" },
        { "void M() { new System.Threading.Thread(() => { }).Start(); }", "CORDA006", "new System.Threading.Thread(() => { }).Start()" },
    };

    public static TheoryData<string> NearMisses { get; } = new()
    {
        "async FlowTask M() { await F(); await FlowTask.WhenAll(F(), F()); int i = await FlowTask.FromResult(1); }",
        "async FlowTask M() { Func<FlowTask> f = async () => await F(); await f(); await G(); async FlowTask G() => await F(); }",
        "Task M() => Task.CompletedTask;",
        "async FlowTask M() { var s = new System.IO.MemoryStream(); s.WriteByte(1); byte[] b = s.ToArray(); await F(); b[0] = 1; }",
        "async FlowTask M() { await F(); using var s = new System.IO.MemoryStream(); s.WriteByte(1); }",
        "async FlowTask M() { using (var s = new System.IO.MemoryStream()) { s.WriteByte(1); } await F(); }",
        "async FlowTask M() { for (int i = 0; i < 3; i++) { await F(); var s = new System.IO.MemoryStream(); s.WriteByte(1); } }",
        "void M(System.IO.Stream s) { F(); s.ReadByte(); }",
        "async FlowTask M(int[] xs) { foreach (int x in xs.Where(x => x > 1).ToArray()) await F(); foreach (int x in xs.Where(x => x > 1)) { } }",
        "async FlowTask M() { FlowTask t = F(); await F(); await t; }",
        "private static readonly System.Threading.SemaphoreSlim gate = new(1);",
        "void M() { int n = new[] { 1 }.Select(x => x).Count(); }",
    };

    public static TheoryData<string, string, string, string> ClassHits { get; } = new()
    {
        { "class X : ResponderFlow { public override FlowTask Call(FlowSession s) => null; }", "CORDA005", "X", "without [InitiatedBy]" },
        { "[InitiatedBy(\"p\")] class X { }", "CORDA005", "X", "is no responder" },
        { "class X(System.IO.Stream s) : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) => null; }", "CORDA004", "X", "no Stream for 's'" },
        { "class X : ClientStartableFlow<int, int> { X() { } public override FlowTask<int> Call(int x) => null; }", "CORDA004", "X", "0 public constructors" },
        { "class X : ClientStartableFlow<int, int> { public X() { } public X(IFlowLog l) { } public override FlowTask<int> Call(int x) => null; }", "CORDA004", "X", "2 public constructors" },
        { "class X<T> : ClientStartableFlow<T, int> { public override FlowTask<int> Call(T x) => null; }", "CORDA004", "X", "generic" },
        { "[InitiatingFlow(\"ask\")] class X : SubFlow<int> { public override FlowTask<int> Call() => null; }", "CORDA007", "X", "'ask'" },
    };

    public static TheoryData<string> ClassNearMisses { get; } = new()
    {
        "abstract class X(object any) : ResponderFlow { }",
        "class X(IFlowEngine a, IFlowMessaging b, IMemberLookup c, IFlowLog d, IFlowContextProperties e, TimeProvider f) : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) => null; }",
        "class X(object any) : SubFlow<int> { public override FlowTask<int> Call() => null; }",
        "[InitiatingFlow(\"p\")] class X : SubFlow<int> { public override FlowTask<int> Call() => null; } [InitiatedBy(\"p\")] class Y : ResponderFlow { public override FlowTask Call(FlowSession s) => null; }",
        "class Outside { public async Task M() { await Task.Delay(1); Task.Run(() => { }); } private System.IO.Stream s; }",
        "static class Helpers { public static async FlowTask Help() => await FlowTask.CompletedTask; }",
    };

    [Theory]
    [MemberData(nameof(Hits))]
    public async Task A_mistake_in_a_flow_is_pointed_at(string members, string rule, string where)
    {
        Diagnostic only = Assert.Single(await Analyse(InFlow(members)));

        Assert.Equal((rule, where), (only.Id, Text(only)));
    }

    [Theory]
    [MemberData(nameof(NearMisses))]
    public async Task What_comes_near_is_fine(string members) => Assert.Empty(await Analyse(InFlow(members)));

    [Theory]
    [MemberData(nameof(ClassHits))]
    public async Task A_flow_class_that_cannot_run_is_pointed_at(string source, string rule, string where, string reason)
    {
        Diagnostic only = Assert.Single(await Analyse(source));

        Assert.Equal((rule, where), (only.Id, Text(only)));
        Assert.Contains(reason, only.GetMessage(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ClassNearMisses))]
    public async Task Classes_that_come_near_are_fine(string source) => Assert.Empty(await Analyse(source));

    [Fact]
    public async Task Helpers_outside_of_flow_classes_are_held_to_the_rules_of_flow_methods()
    {
        Diagnostic[] found = await Analyse("static class Helpers { public static async FlowTask Help() { await Task.Delay(1); Task.Run(() => { }); } }");

        Assert.Equal(["CORDA001", "CORDA006"], found.Select(d => d.Id).Order());
    }

    [Theory]
    [InlineData("static class Helpers { public static async void Tick() => await Task.Yield(); }", "Tick")]
    [InlineData("class Button { public Action Click() => async () => await Task.Yield(); }", "async () => await Task.Yield()")]
    [InlineData("record Row { public Row() { Go(); async void Go() => await Task.Yield(); } }", "Go")]
    public async Task Nothing_in_an_assembly_with_flows_is_async_void(string source, string where)
    {
        Diagnostic only = Assert.Single(await Analyse(source));

        Assert.Equal(("CORDA002", where), (only.Id, Text(only)));
        Assert.Contains("nobody can await it", only.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_rule_is_tried()
    {
        string[] tried = [.. Hits.Concat(ClassHits).Select(row => (string)row[1])];

        Assert.Equal(Analyzers().SelectMany(a => a.SupportedDiagnostics).Select(d => d.Id).Distinct().Order(), tried.Distinct().Order());
    }

    private static string InFlow(string members) =>
        "public sealed class X : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) => null; FlowTask F() => null;\n" + members + "\n}";

    private static ImmutableArray<DiagnosticAnalyzer> Analyzers() => [new AwaitAnalyzer(), new FlowClassAnalyzer(), new SavedLocalsAnalyzer(), new ThreadAnalyzer()];

    private static string Text(Diagnostic diagnostic) => diagnostic.Location.SourceTree!.GetText().ToString(diagnostic.Location.SourceSpan);

    private static async Task<Diagnostic[]> Analyse(string source)
    {
        CSharpCompilation compilation = Compiler.Compile(source);
        Assert.DoesNotContain(compilation.GetDiagnostics(), d => d.Severity == DiagnosticSeverity.Error);
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers(Analyzers()).GetAnalyzerDiagnosticsAsync();
        return [.. found];
    }
}
