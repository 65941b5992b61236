using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Corda.Flows.Analyzers;

/// <summary>CORDA001: flow methods await only flow tasks. CORDA002: async methods of flows are flow methods, and nothing is <c>async void</c>.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AwaitAnalyzer : FlowAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.ForeignAwait, Rules.ForeignAsyncMethod];

    private protected override void Register(CompilationStartAnalysisContext context, FlowSymbols symbols)
    {
        context.RegisterOperationAction(c => CheckAwait(c, symbols), OperationKind.Await);
        context.RegisterOperationAction(c => CheckAwaitForEach(c, symbols), OperationKind.Loop);
        context.RegisterOperationAction(c => CheckAwaitUsing(c, symbols), OperationKind.Using, OperationKind.UsingDeclaration);
        context.RegisterSymbolAction(c => CheckMethod(c, symbols), SymbolKind.Method);
        context.RegisterOperationAction(c => CheckInnerMethod(c, symbols), OperationKind.LocalFunction, OperationKind.AnonymousFunction);
    }

    private static void CheckAwait(OperationAnalysisContext context, FlowSymbols symbols)
    {
        IOperation awaited = ((IAwaitOperation)context.Operation).Operation;
        if (symbols.IsFlowTask(awaited.Type) || awaited.Type is null or IErrorTypeSymbol) return;
        if (symbols.IsFlowMethod(MethodAround(context))) Report(context, awaited.Syntax, awaited.Type);
    }

    private static void CheckAwaitForEach(OperationAnalysisContext context, FlowSymbols symbols)
    {
        if (context.Operation is IForEachLoopOperation { IsAsynchronous: true } loop && symbols.IsFlowMethod(MethodAround(context)))
        {
            Report(context, loop.Collection.Syntax, loop.Collection.Type!);
        }
    }

    private static void CheckAwaitUsing(OperationAnalysisContext context, FlowSymbols symbols)
    {
        IOperation? resource = context.Operation switch
        {
            IUsingOperation { IsAsynchronous: true } block => block.Resources,
            IUsingDeclarationOperation { IsAsynchronous: true } declaration => declaration.DeclarationGroup,
            _ => null,
        };
        if (resource is null || !symbols.IsFlowMethod(MethodAround(context))) return;
        context.ReportDiagnostic(Diagnostic.Create(Rules.ForeignAwait, resource.Syntax.GetLocation(), "await using"));
    }

    private static void CheckMethod(SymbolAnalysisContext context, FlowSymbols symbols)
    {
        var method = (IMethodSymbol)context.Symbol;
        if (Concerns(method, method.ContainingType, symbols)) CheckReturnType(method, method.Locations[0], symbols, context.ReportDiagnostic);
    }

    private static void CheckInnerMethod(OperationAnalysisContext context, FlowSymbols symbols)
    {
        (IMethodSymbol? method, Location? location) = context.Operation switch
        {
            ILocalFunctionOperation local => (local.Symbol, local.Symbol.Locations[0]),
            IAnonymousFunctionOperation lambda => (lambda.Symbol, lambda.Syntax.GetLocation()),
            _ => ((IMethodSymbol?)null, (Location?)null),
        };
        if (method is not null && Concerns(method, context.ContainingSymbol.ContainingType, symbols))
        {
            CheckReturnType(method, location!, symbols, context.ReportDiagnostic);
        }
    }

    // A flow may call whatever its package has, and nobody can await an async void: the platform refuses the package, wherever it stands.
    private static bool Concerns(IMethodSymbol method, INamedTypeSymbol? containing, FlowSymbols symbols) => method.ReturnsVoid || symbols.IsFlow(containing);

    private static void CheckReturnType(IMethodSymbol method, Location location, FlowSymbols symbols, System.Action<Diagnostic> report)
    {
        if (!method.IsAsync || symbols.IsFlowTask(method.ReturnType) || method.ReturnType is IErrorTypeSymbol) return;
        string name = method.MethodKind == MethodKind.AnonymousFunction ? "A lambda" : method.Name;
        string type = method.ReturnType.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        string why = method.ReturnsVoid
            ? "nobody can await it, and an exception in it would end the process; return FlowTask, or Task where no flow calls it"
            : "in a flow that cannot be saved in a checkpoint; return FlowTask or FlowTask<T>";
        report(Diagnostic.Create(Rules.ForeignAsyncMethod, location, name, type, why));
    }

    // The method the await belongs to may be a lambda or local function within the containing symbol.
    private static IMethodSymbol? MethodAround(OperationAnalysisContext context)
    {
        foreach (SyntaxNode node in context.Operation.Syntax.AncestorsAndSelf())
        {
            SemanticModel? model = context.Operation.SemanticModel;
            if (node is AnonymousFunctionExpressionSyntax) return model?.GetSymbolInfo(node, context.CancellationToken).Symbol as IMethodSymbol;
            if (node is LocalFunctionStatementSyntax) return model?.GetDeclaredSymbol(node, context.CancellationToken) as IMethodSymbol;
        }

        return context.ContainingSymbol as IMethodSymbol;
    }

    private static void Report(OperationAnalysisContext context, SyntaxNode at, ITypeSymbol type) => context.ReportDiagnostic(Diagnostic.Create(
        Rules.ForeignAwait, at.GetLocation(), type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)));
}
