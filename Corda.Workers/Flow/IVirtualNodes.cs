using Corda.Workers.Contracts;

namespace Corda.Workers.Flow;

/// <summary>The virtual nodes of the cluster as this worker knows them. Thread-safe; answers from memory.</summary>
internal interface IVirtualNodes
{
    /// <summary>A virtual node, or null where it is not (or not yet) known here.</summary>
    VirtualNodeInfo? Find(HoldingIdentity identity);

    /// <summary>The virtual nodes of a group, by name: its members, as long as networks are static.</summary>
    IReadOnlyList<VirtualNodeInfo> InGroup(string groupId);
}
