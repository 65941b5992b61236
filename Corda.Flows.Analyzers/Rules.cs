using Microsoft.CodeAnalysis;

namespace Corda.Flows.Analyzers;

/// <summary>What flow authors are told at build time. The worker tells the same when it loads or runs the package.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor ForeignAwait = Error(
        "CORDA001",
        "A flow awaits only flow tasks",
        "'{0}' cannot be saved in a checkpoint, so a flow must not await it; use IFlowEngine.Sleep instead of Task.Delay, "
        + "sessions instead of sockets, and do other I/O outside of flows");

    public static readonly DiagnosticDescriptor ForeignAsyncMethod = Error(
        "CORDA002",
        "Async methods of flows return FlowTask",
        "'{0}' is async and returns {1}: {2}");

    public static readonly DiagnosticDescriptor CannotBeSaved = Warning(
        "CORDA003",
        "What lives across an await is saved",
        "'{0}' is still needed after an await, and a {1} cannot be saved in a checkpoint; {2}");

    public static readonly DiagnosticDescriptor Constructor = Error(
        "CORDA004",
        "The platform constructs flows",
        "The platform cannot construct '{0}': {1}");

    public static readonly DiagnosticDescriptor Unanswerable = Error(
        "CORDA005",
        "[InitiatedBy] belongs to responder flows",
        "'{0}' {1}");

    public static readonly DiagnosticDescriptor StartsThreads = Warning(
        "CORDA006",
        "Flows start no threads",
        "'{0}' starts work that no checkpoint knows of, and flow operations cannot be called from it; use sub-flows with FlowTask.WhenAll");

    public static readonly DiagnosticDescriptor NoResponder = new(
        "CORDA007",
        "Somebody answers a protocol",
        "Nothing in this package answers the protocol '{0}' of '{1}'; add a ResponderFlow with [InitiatedBy(\"{0}\")], unless another package has it",
        Category,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        customTags: WellKnownDiagnosticTags.CompilationEnd);

    private const string Category = "Corda.Flows";

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, Category, DiagnosticSeverity.Error, isEnabledByDefault: true);

    private static DiagnosticDescriptor Warning(string id, string title, string message) =>
        new(id, title, message, Category, DiagnosticSeverity.Warning, isEnabledByDefault: true);
}
