using System.ComponentModel;

namespace Corda.Flows.CompilerServices;

/// <summary>
/// What code inside one (sub-)flow shares: the protocol its sessions speak, the sessions it opened, the context properties it set.
/// Every frame runs in the scope in which it was called, also when several run at once under <see cref="FlowTask.WhenAll(IReadOnlyList{FlowTask})"/>.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class FlowScope
{
    internal FlowScope(FlowScope? parent, string flowClassName, string? protocol, int[] protocolVersions)
    {
        Parent = parent;
        FlowClassName = flowClassName;
        Protocol = protocol;
        ProtocolVersions = protocolVersions;
    }

    /// <summary>The scope of the calling flow; null for the flow itself.</summary>
    internal FlowScope? Parent { get; }

    internal string FlowClassName { get; }

    /// <summary>The protocol sessions are initiated with, or null where the class initiates none of its own.</summary>
    internal string? Protocol { get; }

    internal int[] ProtocolVersions { get; }

    /// <summary>Ids of the sessions initiated in this scope; they end with it.</summary>
    internal List<string> SessionIds { get; } = [];

    /// <summary>Properties set in this scope; inner scopes and counterparties see them.</summary>
    internal Dictionary<string, string> Properties { get; } = [];

    /// <summary>The nearest scope outwards with a protocol of its own, or null.</summary>
    internal FlowScope? Initiating
    {
        get
        {
            FlowScope? scope = this;
            while (scope is { Protocol: null }) scope = scope.Parent;
            return scope;
        }
    }

    internal string? FindProperty(string key)
    {
        for (FlowScope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.Properties.TryGetValue(key, out string? value)) return value;
        }

        return null;
    }

    /// <summary>All properties visible here; an inner value hides an outer one.</summary>
    internal Dictionary<string, string> AllProperties()
    {
        Dictionary<string, string> all = Parent?.AllProperties() ?? [];
        foreach ((string key, string value) in Properties) all[key] = value;
        return all;
    }
}
