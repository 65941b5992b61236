namespace Corda.Flows;

/// <summary>The sessions which this flow opens speak a protocol; counterparties answer with the flow marked <see cref="InitiatedByAttribute"/>.</summary>
/// <param name="protocol">The protocol's name, unique among the flow packages of a network.</param>
/// <param name="versions">The versions this flow speaks; none means version 1. The highest that both sides speak is used.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class InitiatingFlowAttribute(string protocol, params int[] versions) : Attribute
{
    /// <summary>The protocol's name.</summary>
    public string Protocol { get; } = protocol;

    /// <summary>The versions spoken, at least one.</summary>
    public int[] Versions { get; } = versions.Length == 0 ? [1] : versions;
}

/// <summary>This <see cref="ResponderFlow"/> answers sessions of a protocol.</summary>
/// <param name="protocol">The protocol's name, as the initiating flow gives it.</param>
/// <param name="versions">The versions this flow answers; none means version 1.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class InitiatedByAttribute(string protocol, params int[] versions) : Attribute
{
    /// <summary>The protocol's name.</summary>
    public string Protocol { get; } = protocol;

    /// <summary>The versions answered, at least one.</summary>
    public int[] Versions { get; } = versions.Length == 0 ? [1] : versions;
}
