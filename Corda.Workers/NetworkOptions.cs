namespace Corda.Workers;

/// <summary>The static network that this cluster hosts. Section <c>Corda:Network</c>.</summary>
internal sealed record NetworkOptions
{
    /// <summary>The group that all virtual nodes belong to. It is part of every short hash: another group makes other virtual nodes.</summary>
    public string GroupId { get; init; } = "static-network";

    /// <summary>
    /// The X.500 names of the virtual nodes. Default none: production must not come up with nodes that nobody asked for. One that is taken out of the
    /// list is gone with the next start.
    /// </summary>
    public IReadOnlyList<string> VirtualNodes { get; init; } = [];

    /// <summary>
    /// The flow packages that every virtual node runs: a dll, a package's folder, a folder of packages, or one of these with * and ? in its last part.
    /// Relative paths start at the program's folder, where a deployment puts its flows. Default none.
    /// </summary>
    public IReadOnlyList<string> FlowPackages { get; init; } = [];
}
