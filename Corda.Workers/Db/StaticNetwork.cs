using Corda.Flows;
using Corda.Workers.Contracts;
using Corda.Workers.Packaging;

namespace Corda.Workers.Db;

/// <summary>The virtual nodes as the configuration wants them.</summary>
internal static class StaticNetwork
{
    /// <summary>One virtual node for each configured name; all run all packages found at start, as one CPI.</summary>
    public static IReadOnlyList<VirtualNodeInfo> Of(NetworkOptions options, IReadOnlyList<FlowPackage> packages, DateTimeOffset now)
    {
        var cpi = new CpiInfo(
            string.Join('+', packages.Select(package => package.Name)),
            string.Join('+', packages.Select(package => package.Version)),
            [.. packages.Select(package => package.Hash)]);
        return
        [
            .. options.VirtualNodes
                .Select(name => new HoldingIdentity(MemberX500Name.Parse(name).ToString(), options.GroupId))
                .Select(identity => new VirtualNodeInfo(identity, cpi, FlowStartActive: true, now)),
        ];
    }
}
