using Corda.Workers.Contracts;
using Corda.Workers.Packaging;

namespace Corda.Workers.Rpc;

/// <summary>What clients can start on a virtual node: the client-startable flows of its packages. Thread-safe.</summary>
internal sealed class StartableFlows(IFlowPackages packages)
{
    /// <summary>All of them, by full class name.</summary>
    /// <exception cref="FlowPackageException">A package of the virtual node is not on this machine.</exception>
    public IReadOnlyList<StartableFlowDefinition> Of(VirtualNodeInfo node) =>
    [
        .. node.Cpi.PackageHashes
            .SelectMany(hash => packages.Get(hash).Flows.Values)
            .OrderBy(flow => flow.ClassName, StringComparer.Ordinal),
    ];

    /// <summary>The flows that a name may mean: the one with this full name, else all with this simple name.</summary>
    /// <exception cref="FlowPackageException">A package of the virtual node is not on this machine.</exception>
    public IReadOnlyList<StartableFlowDefinition> Named(VirtualNodeInfo node, string className)
    {
        IReadOnlyList<StartableFlowDefinition> all = Of(node);
        return all.FirstOrDefault(flow => flow.ClassName == className) is { } exact
            ? [exact]
            : [.. all.Where(flow => flow.Type.Name == className)];
    }
}
