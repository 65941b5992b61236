using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Corda.Flows.Analyzers;

/// <summary>
/// CORDA003: what lives across an await must be something a checkpoint can hold. Goes by where things stand in the text: a variable declared
/// before an await and used after it, or used in a loop around it, lives across it.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SavedLocalsAnalyzer : FlowAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.CannotBeSaved];

    private protected override void Register(CompilationStartAnalysisContext context, FlowSymbols symbols)
    {
        context.RegisterSyntaxNodeAction(
            c => CheckMethod(c, symbols),
            SyntaxKind.MethodDeclaration,
            SyntaxKind.LocalFunctionStatement,
            SyntaxKind.ParenthesizedLambdaExpression,
            SyntaxKind.SimpleLambdaExpression);
        context.RegisterSymbolAction(c => CheckField(c, symbols), SymbolKind.Field);
    }

    private static void CheckField(SymbolAnalysisContext context, FlowSymbols symbols)
    {
        var field = (IFieldSymbol)context.Symbol;
        if (field.IsStatic || field.IsImplicitlyDeclared || !symbols.IsFlow(field.ContainingType)) return;
        if (UnsaveableTypes.RemedyFor(field.Type) is not { } remedy) return;
        context.ReportDiagnostic(Diagnostic.Create(Rules.CannotBeSaved, field.Locations[0], field.Name, field.Type.Name, remedy));
    }

    private static void CheckMethod(SyntaxNodeAnalysisContext context, FlowSymbols symbols)
    {
        ISymbol? symbol = context.Node is AnonymousFunctionExpressionSyntax
            ? context.SemanticModel.GetSymbolInfo(context.Node, context.CancellationToken).Symbol
            : context.SemanticModel.GetDeclaredSymbol(context.Node, context.CancellationToken);
        if (!symbols.IsFlowMethod(symbol as IMethodSymbol)) return;

        AwaitExpressionSyntax[] awaits = [.. Own<AwaitExpressionSyntax>(context.Node)];
        foreach (IdentifierNameSyntax use in context.Node.DescendantNodes().OfType<IdentifierNameSyntax>().Where(use => IsFirstOfItsName(use, context.Node)))
        {
            ISymbol? variable = context.SemanticModel.GetSymbolInfo(use, context.CancellationToken).Symbol;
            if (TypeOf(variable) is { } type && UnsaveableTypes.RemedyFor(type) is { } remedy && LivesAcross(variable!, context, awaits))
            {
                context.ReportDiagnostic(Diagnostic.Create(Rules.CannotBeSaved, variable!.Locations[0], variable.Name, type.Name, remedy));
            }
        }

        CheckUsings(context, awaits);
        CheckQueries(context, awaits);
    }

    private static ITypeSymbol? TypeOf(ISymbol? variable) => variable switch
    {
        ILocalSymbol local => local.Type,
        IParameterSymbol parameter => parameter.Type,
        _ => null,
    };

    private static bool LivesAcross(ISymbol variable, SyntaxNodeAnalysisContext context, AwaitExpressionSyntax[] awaits)
    {
        TextSpan declared = variable.Locations[0].SourceSpan;
        if (!context.Node.Span.Contains(declared)) return false;
        IdentifierNameSyntax[] uses = [.. context.Node.DescendantNodes().OfType<IdentifierNameSyntax>().Where(use =>
            use.Identifier.ValueText == variable.Name
            && SymbolEqualityComparer.Default.Equals(context.SemanticModel.GetSymbolInfo(use, context.CancellationToken).Symbol, variable))];
        return awaits.Where(a => a.SpanStart > declared.Start).Any(a => uses.Any(use => use.SpanStart >= a.Span.End || ShareLoop(a, use, declared)));
    }

    private static bool ShareLoop(SyntaxNode awaiting, SyntaxNode use, TextSpan declared) => awaiting.Ancestors()
        .Where(node => node is ForStatementSyntax or WhileStatementSyntax or DoStatementSyntax or CommonForEachStatementSyntax)
        .Any(loop => loop.Span.Contains(use.Span) && !loop.Span.Contains(declared));

    // The end of a using is a use that no name tells of.
    private static void CheckUsings(SyntaxNodeAnalysisContext context, AwaitExpressionSyntax[] awaits)
    {
        foreach (VariableDeclaratorSyntax declarator in Own<VariableDeclaratorSyntax>(context.Node))
        {
            SyntaxNode? statement = declarator.Parent?.Parent;
            TextSpan? scope = statement switch
            {
                UsingStatementSyntax block => block.Statement.Span,
                LocalDeclarationStatementSyntax { UsingKeyword.RawKind: not 0 } => TextSpan.FromBounds(statement.Span.End, statement.Parent!.Span.End),
                _ => null,
            };
            if (scope is not { } span || !awaits.Any(a => span.Contains(a.Span))) continue;
            if (context.SemanticModel.GetDeclaredSymbol(declarator, context.CancellationToken) is not ILocalSymbol local) continue;
            if (UnsaveableTypes.RemedyFor(local.Type) is not { } remedy || LivesAcross(local, context, awaits)) continue;
            context.ReportDiagnostic(Diagnostic.Create(Rules.CannotBeSaved, local.Locations[0], local.Name, local.Type.Name, remedy));
        }
    }

    private static void CheckQueries(SyntaxNodeAnalysisContext context, AwaitExpressionSyntax[] awaits)
    {
        foreach (CommonForEachStatementSyntax loop in Own<CommonForEachStatementSyntax>(context.Node))
        {
            if (!awaits.Any(a => loop.Statement.Span.Contains(a.Span))) continue;
            if (!UnsaveableTypes.IsLinqQuery(context.SemanticModel.GetSymbolInfo(loop.Expression, context.CancellationToken).Symbol as IMethodSymbol)) continue;
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.CannotBeSaved, loop.Expression.GetLocation(), loop.Expression.ToString(), "running query", "loop over its ToArray()"));
        }
    }

    // Lambdas and local functions are methods of their own.
    private static IEnumerable<T> Own<T>(SyntaxNode method)
        where T : SyntaxNode => method
            .DescendantNodes(node => node == method || node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax))
            .OfType<T>();

    private static bool IsFirstOfItsName(IdentifierNameSyntax use, SyntaxNode method) =>
        method.DescendantNodes().OfType<IdentifierNameSyntax>().First(other => other.Identifier.ValueText == use.Identifier.ValueText) == use;
}
