using Microsoft.CodeAnalysis.Diagnostics;

namespace Corda.Flows.Analyzers;

/// <summary>An analyzer that runs only where the SDK is referenced.</summary>
public abstract class FlowAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public sealed override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (FlowSymbols.Of(start.Compilation) is { } symbols) Register(start, symbols);
        });
    }

    private protected abstract void Register(CompilationStartAnalysisContext context, FlowSymbols symbols);
}
