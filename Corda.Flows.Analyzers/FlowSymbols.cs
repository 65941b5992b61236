using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Corda.Flows.Analyzers;

/// <summary>The SDK's types in one compilation, and what they make of the author's.</summary>
internal sealed class FlowSymbols
{
    private static readonly string[] ServiceNames =
    [
        "Corda.Flows.IFlowEngine", "Corda.Flows.IFlowMessaging", "Corda.Flows.IMemberLookup", "Corda.Flows.IFlowLog",
        "Corda.Flows.IFlowContextProperties", "System.TimeProvider",
    ];

    private readonly INamedTypeSymbol flowTask;
    private readonly INamedTypeSymbol? startable;
    private readonly INamedTypeSymbol? responder;
    private readonly INamedTypeSymbol? subFlow;

    private FlowSymbols(Compilation compilation, INamedTypeSymbol flowTask)
    {
        this.flowTask = flowTask;
        startable = compilation.GetTypeByMetadataName("Corda.Flows.ClientStartableFlow`2");
        responder = compilation.GetTypeByMetadataName("Corda.Flows.ResponderFlow");
        subFlow = compilation.GetTypeByMetadataName("Corda.Flows.SubFlow`1");
        InitiatingFlow = compilation.GetTypeByMetadataName("Corda.Flows.InitiatingFlowAttribute");
        InitiatedBy = compilation.GetTypeByMetadataName("Corda.Flows.InitiatedByAttribute");
        Services = [.. ServiceNames.Select(compilation.GetTypeByMetadataName).OfType<INamedTypeSymbol>()];
    }

    public INamedTypeSymbol? InitiatingFlow { get; }

    public INamedTypeSymbol? InitiatedBy { get; }

    public ImmutableArray<INamedTypeSymbol> Services { get; }

    /// <summary>Null where the compilation does not use the SDK.</summary>
    public static FlowSymbols? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("Corda.Flows.FlowTask") is { } flowTask ? new FlowSymbols(compilation, flowTask) : null;

    public bool IsFlowTask(ITypeSymbol? type) => Bases(type).Any(b => Same(b, flowTask));

    public bool IsResponder(ITypeSymbol? type) => Bases(type).Skip(1).Any(b => Same(b, responder));

    /// <summary>Whether the platform constructs it.</summary>
    public bool IsStartedByPlatform(ITypeSymbol? type) => Bases(type).Skip(1).Any(b => Same(b, responder) || Same(b, startable));

    public bool IsFlow(ITypeSymbol? type) => Bases(type).Skip(1).Any(b => Same(b, responder) || Same(b, startable) || Same(b, subFlow));

    /// <summary>Whether the method is suspended in checkpoints: its locals are saved.</summary>
    public bool IsFlowMethod(IMethodSymbol? method) => method is { IsAsync: true } && IsFlowTask(method.ReturnType);

    public static AttributeData? AttributeOf(ISymbol symbol, INamedTypeSymbol? attribute) =>
        attribute is null ? null : symbol.GetAttributes().FirstOrDefault(a => Same(a.AttributeClass, attribute));

    /// <summary>The protocol that an attribute names.</summary>
    public static string? ProtocolOf(AttributeData? attribute) => attribute?.ConstructorArguments.FirstOrDefault().Value as string;

    public static bool Same(ISymbol? a, ISymbol? b) => b is not null && SymbolEqualityComparer.Default.Equals(a?.OriginalDefinition, b);

    public static IEnumerable<ITypeSymbol> Bases(ITypeSymbol? type)
    {
        for (ITypeSymbol? at = type; at is not null; at = at.BaseType) yield return at;
    }
}
