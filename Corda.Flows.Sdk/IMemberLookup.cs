namespace Corda.Flows;

/// <summary>Who is in this virtual node's group. Injected into flows.</summary>
public interface IMemberLookup
{
    /// <summary>This virtual node's own entry.</summary>
    MemberInfo MyInfo();

    /// <summary>A member by name, or null.</summary>
    MemberInfo? Lookup(MemberX500Name name);

    /// <summary>All active members.</summary>
    IReadOnlyList<MemberInfo> Lookup();
}

/// <summary>A member of the group.</summary>
/// <param name="Name">Its X.500 name.</param>
/// <param name="GroupId">The group it belongs to.</param>
/// <param name="IsActive">False while it is suspended.</param>
public sealed record MemberInfo(MemberX500Name Name, string GroupId, bool IsActive);
