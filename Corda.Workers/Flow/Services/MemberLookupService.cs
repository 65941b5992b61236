using Corda.Flows;
using Corda.Workers.Contracts;

namespace Corda.Workers.Flow.Services;

/// <summary>The members of a static network: the virtual nodes of the same group.</summary>
internal sealed class MemberLookupService(HoldingIdentity identity, IVirtualNodes nodes) : IMemberLookup
{
    public MemberInfo MyInfo() => new(identity.Name, identity.GroupId, IsActive: true);

    public MemberInfo? Lookup(MemberX500Name name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return nodes.Find(new HoldingIdentity(name.ToString(), identity.GroupId)) is { } node ? ToMember(node) : null;
    }

    public IReadOnlyList<MemberInfo> Lookup() => [.. nodes.InGroup(identity.GroupId).Select(ToMember).Where(member => member.IsActive)];

    private static MemberInfo ToMember(VirtualNodeInfo node) => new(node.Identity.Name, node.Identity.GroupId, node.FlowStartActive);
}
