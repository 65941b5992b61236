using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Corda.Flows.Analyzers;

/// <summary>CORDA006: flows start no threads.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ThreadAnalyzer : FlowAnalyzer
{
    private static readonly string[] Starters =
    [
        "System.Threading.Tasks.Task.Run", "System.Threading.Tasks.Task.Start", "System.Threading.Tasks.Task.ContinueWith",
        "System.Threading.Tasks.TaskFactory.StartNew", "System.Threading.Thread.Start", "System.Threading.ThreadPool.QueueUserWorkItem",
        "System.Threading.ThreadPool.UnsafeQueueUserWorkItem", "System.Threading.Tasks.Parallel.For", "System.Threading.Tasks.Parallel.ForEach",
        "System.Threading.Tasks.Parallel.ForEachAsync", "System.Threading.Tasks.Parallel.Invoke", "System.Linq.ParallelEnumerable.AsParallel",
    ];

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.StartsThreads];

    private protected override void Register(CompilationStartAnalysisContext context, FlowSymbols symbols) =>
        context.RegisterOperationAction(
            c =>
            {
                IMethodSymbol target = ((IInvocationOperation)c.Operation).TargetMethod;
                string name = $"{target.ContainingType?.OriginalDefinition.ToDisplayString(NameOnly)}.{target.Name}";
                if (!Starters.Contains(name) || !RunsInFlow(c.ContainingSymbol, symbols)) return;
                c.ReportDiagnostic(Diagnostic.Create(Rules.StartsThreads, c.Operation.Syntax.GetLocation(), $"{target.ContainingType!.Name}.{target.Name}"));
            },
            OperationKind.Invocation);

    private static SymbolDisplayFormat NameOnly { get; } = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    private static bool RunsInFlow(ISymbol within, FlowSymbols symbols) =>
        symbols.IsFlow(within.ContainingType) || symbols.IsFlowMethod(within as IMethodSymbol);
}
