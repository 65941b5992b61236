using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Corda.Flows.Analyzers;

/// <summary>CORDA004: constructors the platform can call. CORDA005: [InitiatedBy] where it belongs. CORDA007: protocols that are answered.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class FlowClassAnalyzer : FlowAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.Constructor, Rules.Unanswerable, Rules.NoResponder];

    private protected override void Register(CompilationStartAnalysisContext context, FlowSymbols symbols)
    {
        var initiators = new ConcurrentBag<(string Protocol, INamedTypeSymbol Type)>();
        var answered = new ConcurrentDictionary<string, bool>();
        context.RegisterSymbolAction(
            c =>
            {
                var type = (INamedTypeSymbol)c.Symbol;
                AttributeData? initiatedBy = FlowSymbols.AttributeOf(type, symbols.InitiatedBy);
                CheckConstructor(c, type, symbols);
                CheckInitiatedBy(c, type, initiatedBy, symbols);
                if (FlowSymbols.ProtocolOf(initiatedBy) is { } answers) answered[answers] = true;
                if (FlowSymbols.ProtocolOf(FlowSymbols.AttributeOf(type, symbols.InitiatingFlow)) is { } speaks) initiators.Add((speaks, type));
            },
            SymbolKind.NamedType);
        context.RegisterCompilationEndAction(c =>
        {
            foreach ((string protocol, INamedTypeSymbol type) in initiators.Where(i => !answered.ContainsKey(i.Protocol)))
            {
                c.ReportDiagnostic(Diagnostic.Create(Rules.NoResponder, type.Locations[0], protocol, type.Name));
            }
        });
    }

    private static void CheckConstructor(SymbolAnalysisContext context, INamedTypeSymbol type, FlowSymbols symbols)
    {
        if (type.IsAbstract || !symbols.IsStartedByPlatform(type)) return;

        string services = string.Join(", ", symbols.Services.Select(s => s.Name));
        IMethodSymbol[] constructors = [.. type.InstanceConstructors.Where(c => c.DeclaredAccessibility == Accessibility.Public)];
        if (type.IsGenericType)
        {
            Report("it is generic, and nobody tells it its type arguments; make it abstract and derive a class for each type");
        }
        else if (constructors.Length != 1)
        {
            Report($"it has {constructors.Length} public constructors; give it exactly one, whose parameters may be {services}");
        }
        else if (constructors[0].Parameters.FirstOrDefault(p => !symbols.Services.Any(s => FlowSymbols.Same(p.Type, s))) is { } parameter)
        {
            Report($"it has no {parameter.Type.Name} for '{parameter.Name}'; a flow may ask for {services}");
        }

        void Report(string why) => context.ReportDiagnostic(Diagnostic.Create(Rules.Constructor, type.Locations[0], type.Name, why));
    }

    private static void CheckInitiatedBy(SymbolAnalysisContext context, INamedTypeSymbol type, AttributeData? initiatedBy, FlowSymbols symbols)
    {
        bool responder = symbols.IsResponder(type);
        string? problem = (responder, initiatedBy) switch
        {
            (true, null) when !type.IsAbstract =>
                "is a ResponderFlow without [InitiatedBy], so nothing ever starts it; add [InitiatedBy(\"protocol\")], or make it abstract",
            (false, not null) => "has [InitiatedBy] but is no responder; derive from ResponderFlow, or remove the attribute",
            _ => null,
        };
        if (problem is not null) context.ReportDiagnostic(Diagnostic.Create(Rules.Unanswerable, type.Locations[0], type.Name, problem));
    }
}
