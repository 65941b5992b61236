using Corda.Tests.Support;
using Corda.Workers.Packaging;

namespace Corda.Tests.Packaging;

/// <summary>Every rule says class, what is wrong and what to do; and all problems are told at once.</summary>
public sealed class PackageRulesTests : IDisposable
{
    private const string Sound = "public sealed class Sound : ClientStartableFlow<int, int> { public override async FlowTask<int> Call(int x) { await FlowTask.CompletedTask; return x; } }\n";
    private readonly TemporaryFolder temp = new();

    public static TheoryData<string, string[]> Rules { get; } = new()
    {
        {
            "public sealed class Two : ClientStartableFlow<int, int> { public Two() { } public Two(TimeProvider t) { } public override FlowTask<int> Call(int x) => null!; }",
            ["Two: it has 2 public constructors", "exactly one", "IFlowMessaging"]
        },
        {
            "public sealed class Hidden : ClientStartableFlow<int, int> { private Hidden() { } public override FlowTask<int> Call(int x) => null!; }",
            ["Hidden: it has 0 public constructors"]
        },
        {
            "public sealed class Greedy(System.IO.Stream stream) : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) => null!; }",
            ["Greedy: the platform cannot provide its constructor's parameter Stream stream", "A flow may ask for IFlowEngine"]
        },
        {
            "public sealed class Open<T> : ClientStartableFlow<T, int> { public override FlowTask<int> Call(T x) => null!; }",
            ["Open`1: it is a generic class", "Make it abstract and derive"]
        },
        {
            "public interface IShape; public sealed class Draw : ClientStartableFlow<IShape, int> { public override FlowTask<int> Call(IShape x) => null!; }",
            ["Draw: JSON cannot become a IShape", "Make it a record"]
        },
        {
            "public sealed record Deep(List<Inner> Items); public sealed record Inner(Dictionary<string, Type> Types);"
            + "public sealed class Dive : ClientStartableFlow<Deep, int> { public override FlowTask<int> Call(Deep x) => null!; }",
            ["Dive: JSON cannot become a Type, at $.items[].types.* of Deep"]
        },
        {
            "public sealed class Ambiguous { public Ambiguous(int a) { } public Ambiguous(string b) { } }"
            + "public sealed class Choose : ClientStartableFlow<Ambiguous, int> { public override FlowTask<int> Call(Ambiguous x) => null!; }",
            ["Choose: JSON cannot become a Ambiguous: it has no constructor that System.Text.Json can use"]
        },
        {
            "public sealed class Lost(int count) { public int Amount => count; }"
            + "public sealed class Bind : ClientStartableFlow<Lost, int> { public override FlowTask<int> Call(Lost x) => null!; }",
            ["Bind: JSON cannot become a Lost: its constructor's parameter 'count'"]
        },
        {
            "public sealed class Fire : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) { Go(); return null!; } private async void Go() => await Task.Yield(); }",
            ["Fire.Go: it is an async method that returns void", "Return FlowTask"]
        },
        {
            "public static class Bomb { public static async void Tick() { await Task.Yield(); throw new Exception(); } }",
            ["Bomb.Tick: it is an async method that returns void", "end the whole worker", "Return a task"]
        },
        {
            "public sealed class Fuse { public void Light() { Action f = async () => await Task.Yield(); f(); } public async Task Wait() => await Task.Yield(); }",
            ["Fuse.Light (a lambda in it): it is an async method that returns void"]
        },
        {
            "public abstract class Helper : SubFlow<int> { protected async Task<List<int>> Load() { await Task.Yield(); return []; } }",
            ["Helper.Load: it is an async method that returns Task<List<Int32>>"]
        },
        {
            "public sealed class Lambda : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) { Func<Task> f = async () => await Task.Delay(x); f(); return null!; } }",
            ["Lambda.Call (a lambda in it): it is an async method that returns Task"]
        },
        {
            "public sealed class Local : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) { Ask(); return null!; async ValueTask Ask() => await Task.Yield(); } }",
            ["Local.Call (its local function Ask): it is an async method that returns ValueTask"]
        },
        {
            "public sealed class Many : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) => null!; async IAsyncEnumerable<int> All() { await Task.Yield(); yield return 1; } }",
            ["Many.All: it is an async method that returns IAsyncEnumerable<Int32>"]
        },
        {
            "public sealed class Deaf : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }",
            ["Deaf: it is a ResponderFlow without [InitiatedBy]", "Add [InitiatedBy(\"protocol\")]"]
        },
        {
            "[InitiatedBy(\"p\")] public sealed class Stray { }",
            ["Stray: it has [InitiatedBy] but is no responder", "Derive from ResponderFlow"]
        },
        {
            "[InitiatingFlow(\"p\")] public sealed class Idle { }"
            + "[InitiatedBy(\"p\")] public sealed class Answer : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }",
            ["Idle: it has [InitiatingFlow] but is no flow"]
        },
        {
            "[System.Text.Json.Serialization.JsonConverter(typeof(OddConverter))] public sealed class Odd { }"
            + "static class Tables { public static readonly int Size = int.Parse(\"none\"); }"
            + "public sealed class OddConverter : System.Text.Json.Serialization.JsonConverter<Odd> {"
            + " public override Odd Read(ref System.Text.Json.Utf8JsonReader r, Type t, System.Text.Json.JsonSerializerOptions o) => Tables.Size > 0 ? new Odd() : null!;"
            + " public override void Write(System.Text.Json.Utf8JsonWriter w, Odd v, System.Text.Json.JsonSerializerOptions o) { } }"
            + "public sealed class Convert : ClientStartableFlow<Odd, int> { public override FlowTask<int> Call(Odd x) => null!; }",
            ["Convert: JSON cannot become a Odd", "Tables"]
        },
        {
            "[InitiatedBy(\"p\", 0)] public sealed class Zero : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }",
            ["Zero: 'p' with versions 0 is no protocol"]
        },
        {
            "[InitiatingFlow(\"ask\")] public sealed class Asker : SubFlow<int> { public override FlowTask<int> Call() => null!; }",
            ["Asker: nothing answers its protocol 'ask'", "Add a ResponderFlow with [InitiatedBy(\"ask\")]"]
        },
        {
            "[InitiatingFlow(\"ask\", 3)] public sealed class Asker : SubFlow<int> { public override FlowTask<int> Call() => null!; }"
            + "[InitiatedBy(\"ask\", 1, 2)] public sealed class Old : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }",
            ["Asker: it speaks version 3 of the protocol 'ask', and only 1, 2 is answered"]
        },
        {
            "[InitiatedBy(\"p\", 1, 2)] public sealed class A : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }"
            + "[InitiatedBy(\"p\", 2)] public sealed class B : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }",
            ["A and B: they all answer version 2 of the protocol 'p'", "Let one of them answer it"]
        },
    };

    public void Dispose() => temp.Dispose();

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_broken_rule_is_told_with_class_and_remedy(string source, string[] expected)
    {
        string message = Refused(Sound + source);

        Assert.Contains("(1 to mend)", message, StringComparison.Ordinal);
        Assert.All(expected, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_are_told_at_once()
    {
        string all = string.Join("\n", "class X1 : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }", "[InitiatedBy(\"p\")] class X2 { }", "[InitiatingFlow(\"q\")] class X3 { }");

        string message = Refused(Sound + all);

        // X3 is no flow, and nothing answers it: two problems.
        Assert.Contains("(4 to mend)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_responder_in_another_package_answers()
    {
        string asker = Compiler.CompileTo(temp.Path, "Asker", "[InitiatingFlow(\"ask\")] public sealed class Asker : ClientStartableFlow<int, int> { public override FlowTask<int> Call(int x) => null!; }");
        string answerer = Compiler.CompileTo(temp.Path, "Answerer", "[InitiatedBy(\"ask\")] public sealed class Answerer : ResponderFlow { public override FlowTask Call(FlowSession s) => null!; }");

        Assert.Equal(2, new FlowPackageStore([asker, answerer], dataFolder: null).Current.Count);
        Assert.Throws<FlowPackageException>(() => new FlowPackageStore([asker], dataFolder: null));
    }

    [Fact]
    public void One_class_name_in_two_packages_is_refused()
    {
        Compiler.CompileTo(temp.Path, "First", Sound);
        Compiler.CompileTo(temp.Path, "Second", Sound);

        var error = Assert.Throws<FlowPackageException>(() => new FlowPackageStore([temp.Path], dataFolder: null));

        Assert.Contains("Sound: the class is in several packages (First 0.0.0.0 and Second 0.0.0.0)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_lies_about_is_told_where_it_belongs()
    {
        string library = Compiler.CompileTo(temp.Path, "Library", "public static class Useful { }");

        var error = Assert.Throws<FlowPackageException>(() => new FlowPackageStore([library], dataFolder: null));

        Assert.Contains("Library: it holds no flow. If it is a library of another package, put both into a folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_assembly_is_refused()
    {
        File.WriteAllText(temp["Fake.dll"], "not an assembly");

        var error = Assert.Throws<FlowPackageException>(() => new FlowPackageStore([temp["Fake.dll"]], dataFolder: null));

        Assert.Contains("Fake.dll: the package holds a file that is no .NET assembly", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_flows_may_do_is_let_through()
    {
        string source = Sound + """
            public abstract record Shape(string Name); public sealed record Line(string Name, Shape? Next) : Shape(Name);
            public sealed record Fits(string A, int? B, DateTimeOffset C, TimeSpan D,
                MemberX500Name E, IReadOnlyList<Line> F, Dictionary<string, decimal> G, System.Text.Json.JsonElement H, object? I, byte[] J, DayOfWeek K);
            public sealed class Everything(IFlowEngine a, IFlowMessaging b, IMemberLookup c, IFlowLog d, IFlowContextProperties e, TimeProvider f) : ClientStartableFlow<Line, int>
            {
                public override async FlowTask<int> Call(Line request)
                {
                    await a.Sleep(TimeSpan.Zero);
                    Func<FlowTask<int>> twice = async () => { await Local(); return 2; };
                    return await twice();
                    async FlowTask Local() => await a.Sleep(TimeSpan.Zero);
                }
                private IEnumerable<int> Some() { yield return 1; }
            }
            """;
        string main = Compiler.CompileTo(temp.Path, "Fine", source.Replace("Line(string Name, Shape? Next)", "Line(string Name, Fits? Next)", StringComparison.Ordinal));

        Assert.Equal(["Everything", "Sound"], Assert.Single(new FlowPackageStore([main], dataFolder: null).Current).Flows.Keys.Order());
    }

    private string Refused(string source)
    {
        string main = Compiler.CompileTo(temp.Path, "Broken", source);
        return Assert.Throws<FlowPackageException>(() => new FlowPackageStore([main], dataFolder: null)).Message;
    }
}
