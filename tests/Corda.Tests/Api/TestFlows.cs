using Corda.Tests.Support;

namespace Corda.Tests.Api;

/// <summary>A flow package with one flow for each way a flow can behave.</summary>
internal static class TestFlows
{
    private const string Source =
        """
        namespace Test
        {
            public sealed record Text(string Value, int Times = 1);
            public sealed record Pause(int Milliseconds);

            public sealed class Echo : ClientStartableFlow<Text, Text>
            {
                public override async FlowTask<Text> Call(Text request) => request;
            }

            public sealed class Fail : ClientStartableFlow<Text, Text>
            {
                public override async FlowTask<Text> Call(Text request) => throw new InvalidOperationException(request.Value);
            }

            public sealed class Wait(IFlowEngine engine) : ClientStartableFlow<Pause, string>
            {
                public override async FlowTask<string> Call(Pause request)
                {
                    await engine.Sleep(TimeSpan.FromMilliseconds(request.Milliseconds));
                    return "awake";
                }
            }
        }

        namespace Test.One
        {
            public sealed class Twin : ClientStartableFlow<Test.Text, Test.Text>
            {
                public override async FlowTask<Test.Text> Call(Test.Text request) => request;
            }
        }

        namespace Test.Two
        {
            public enum Colour { Red, Green }
        #nullable enable
            public sealed record Tree(
                string Name, Colour Colour, decimal? Price, MemberX500Name[] Owners, Dictionary<string, int> Leaves, DateTimeOffset Planted, List<Tree>? Children = null);

            public sealed class Twin : ClientStartableFlow<Tree, Tree>
            {
                public override async FlowTask<Tree> Call(Tree request) => request;
            }
        }
        """;

    /// <summary>Compiles the package into a folder and answers its path.</summary>
    public static string CompileTo(string folder) => Compiler.CompileTo(folder, "TestFlows", Source);
}
