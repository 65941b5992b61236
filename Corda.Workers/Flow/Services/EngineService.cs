using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Engine;

namespace Corda.Workers.Flow.Services;

/// <inheritdoc/>
internal sealed class EngineService(FlowServices services, FlowId flowId, HoldingIdentity identity, ScopeEnd scopeEnd) : IFlowEngine
{
    private string? flowIdText;
    private MemberX500Name? name;

    public string FlowId => flowIdText ??= flowId.ToString();

    public MemberX500Name VirtualNodeName => name ??= identity.Name;

    public IFlowContextProperties Properties { get; } = new ContextProperties(services);

    public ScopeEnd ScopeEnd { get; } = scopeEnd;

    public FlowTask<T> SubFlow<T>(SubFlow<T> subFlow)
    {
        ArgumentNullException.ThrowIfNull(subFlow);
        services.Step();
        return SubFlowRunner.Run(SubFlowScopes.Of(subFlow.GetType(), FlowFiber.Current.Scope), subFlow, ScopeEnd);
    }

    public FlowTask Sleep(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        DateTimeOffset now = services.Step().Now;
        return services.Park<Unit>(new WaitForWakeup(now.AddOrMax(duration)));
    }
}
