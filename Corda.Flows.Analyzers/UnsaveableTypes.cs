using Microsoft.CodeAnalysis;

namespace Corda.Flows.Analyzers;

/// <summary>The common types that a checkpoint cannot hold, with what to do instead.</summary>
internal static class UnsaveableTypes
{
    private const string ReadFirst = "read what you need before the await, and keep that";
    private const string UseFlowTasks = "use flow tasks: FlowTask.WhenAll, FlowTask.WhenAny, IFlowEngine.Sleep";
    private const string NoThreads = "a flow runs on one thread at a time and needs no locks or timers; use IFlowEngine.Sleep";
    private const string DoElsewhere = "do I/O outside of flows, or use it up before the await";

    private static readonly (string Type, string Remedy)[] Known =
    [
        ("System.IO.Stream", ReadFirst),
        ("System.IO.TextReader", ReadFirst),
        ("System.IO.TextWriter", ReadFirst),
        ("System.Text.Json.JsonDocument", "keep a JsonElement.Clone() or the text"),
        ("System.Data.IDataReader", ReadFirst),
        ("System.Data.IDbConnection", DoElsewhere),
        ("System.Data.IDbCommand", DoElsewhere),
        ("System.Data.IDbTransaction", DoElsewhere),
        ("System.Net.Sockets.Socket", "use sessions to talk to other nodes"),
        ("System.Net.Sockets.TcpClient", "use sessions to talk to other nodes"),
        ("System.Net.Http.HttpMessageInvoker", DoElsewhere),
        ("System.Diagnostics.Process", DoElsewhere),
        ("System.Threading.Tasks.Task", UseFlowTasks),
        ("System.Threading.Tasks.ValueTask", UseFlowTasks),
        ("System.Threading.Tasks.TaskCompletionSource", UseFlowTasks),
        ("System.Collections.Generic.IAsyncEnumerable", UseFlowTasks),
        ("System.Collections.Generic.IAsyncEnumerator", UseFlowTasks),
        ("System.Threading.CancellationTokenSource", "a flow is killed by the platform; for time-outs use FlowSessionOptions.Timeout or FlowTask.WhenAny with a sleep"),
        ("System.Threading.CancellationTokenRegistration", "a flow is killed by the platform and needs no cancellation"),
        ("System.Threading.ITimer", NoThreads),
        ("System.Threading.Timer", NoThreads),
        ("System.Threading.Thread", NoThreads),
        ("System.Threading.SemaphoreSlim", NoThreads),
        ("System.Threading.ReaderWriterLockSlim", NoThreads),
        ("System.Threading.WaitHandle", NoThreads),
        ("System.Threading.Lock", NoThreads),
    ];

    private static SymbolDisplayFormat NameOnly { get; } = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary>What to do instead of keeping such a value over an await; null where it can be kept.</summary>
    public static string? RemedyFor(ITypeSymbol? type)
    {
        if (type is null) return null;
        string[] names = [.. FlowSymbols.Bases(type).Concat(type.AllInterfaces).Select(t => t.OriginalDefinition.ToDisplayString(NameOnly))];
        return Known.FirstOrDefault(known => names.Contains(known.Type)).Remedy;
    }

    /// <summary>Whether a loop over it keeps an enumerator of the framework's own making.</summary>
    public static bool IsLinqQuery(IMethodSymbol? method) =>
        method?.ContainingType?.ToDisplayString() == "System.Linq.Enumerable" && method.ReturnType.TypeKind == TypeKind.Interface;
}
