using System.Security.Cryptography;
using System.Text;
using Corda.Flows;
using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>An identity hosted on a cluster: a member's name in a group.</summary>
/// <param name="X500Name">The canonical form of a <see cref="MemberX500Name"/>.</param>
/// <param name="GroupId">The group.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record HoldingIdentity([property: MemoryPackOrder(0)] string X500Name, [property: MemoryPackOrder(1)] string GroupId)
{
    /// <summary>The first 12 hex digits, upper case, of SHA-256 over name and group; names the virtual node in URLs.</summary>
    [MemoryPackIgnore]
    public string ShortHash => FullHash[..12];

    /// <summary>SHA-256 over name and group, hex, upper case.</summary>
    [MemoryPackIgnore]
    public string FullHash => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(X500Name + GroupId)));

    /// <summary>The name.</summary>
    [MemoryPackIgnore]
    public MemberX500Name Name => MemberX500Name.Parse(X500Name);

    /// <inheritdoc/>
    public override string ToString() => $"{X500Name} ({ShortHash})";
}
