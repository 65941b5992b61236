using Corda.Workers.Contracts;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow;

/// <summary>Which flows a virtual node runs. New flows take the packages of its CPI as it is now.</summary>
internal sealed class FlowCatalog(IVirtualNodes nodes, IFlowPackages packages)
{
    /// <summary>A virtual node.</summary>
    /// <exception cref="FlowTransientException">It is not known here (yet).</exception>
    public VirtualNodeInfo Node(HoldingIdentity identity) =>
        nodes.Find(identity) ?? throw new FlowTransientException($"The virtual node {identity} is not known here (yet).");

    /// <summary>A client-startable flow of a virtual node, or null.</summary>
    /// <exception cref="FlowTransientException">A package cannot be loaded here.</exception>
    public (FlowPackage Package, StartableFlowDefinition Flow)? Startable(VirtualNodeInfo node, string className)
    {
        foreach (FlowPackage package in PackagesOf(node))
        {
            if (package.Flows.TryGetValue(className, out StartableFlowDefinition? flow)) return (package, flow);
        }

        return null;
    }

    /// <summary>The responders of a virtual node for a protocol, in all versions.</summary>
    /// <exception cref="FlowTransientException">A package cannot be loaded here.</exception>
    public IReadOnlyList<(FlowPackage Package, ResponderFlowDefinition Flow)> Responders(VirtualNodeInfo node, string protocol) =>
        [.. PackagesOf(node).SelectMany(package => package.Responders.Where(flow => flow.Protocol == protocol).Select(flow => (package, flow)))];

    private IEnumerable<FlowPackage> PackagesOf(VirtualNodeInfo node) => node.Cpi.PackageHashes.Select(hash =>
    {
        try
        {
            return packages.Get(hash);
        }
        catch (FlowPackageException cause)
        {
            throw new FlowTransientException($"A package of {node.Cpi.Name} {node.Cpi.Version} cannot be loaded here: {cause.Message}", cause);
        }
    });
}
