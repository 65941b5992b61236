using System.Reflection;
using System.Runtime.CompilerServices;
using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Workers.Flow.Engine;

/// <summary>The scopes of sub-flows. What a class says about itself is looked up once.</summary>
internal static class SubFlowScopes
{
    private static readonly ConditionalWeakTable<Type, Declaration> Known = [];

    public static FlowScope Of(Type subFlow, FlowScope caller)
    {
        InitiatingFlowAttribute? initiates =
            Known.GetValue(subFlow, static type => new Declaration(type.GetCustomAttribute<InitiatingFlowAttribute>())).Initiates;
        return new FlowScope(caller, subFlow.FullName!, initiates?.Protocol, initiates?.Versions ?? []);
    }

    private sealed record Declaration(InitiatingFlowAttribute? Initiates);
}
