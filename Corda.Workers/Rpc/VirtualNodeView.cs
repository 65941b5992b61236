using System.Collections.Concurrent;
using System.Text;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Rpc;

/// <summary>The virtual nodes of the cluster as this process has seen them on <c>virtual.node.info</c>. Read on any thread.</summary>
internal sealed class VirtualNodeView : ICompactedProcessor<VirtualNodeInfo>
{
    private volatile ConcurrentDictionary<string, VirtualNodeInfo> nodes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the topic was read; before that, an unknown node may only be one not seen yet.</summary>
    public bool Loaded { get; private set; }

    /// <summary>All virtual nodes, by name.</summary>
    public IReadOnlyList<VirtualNodeInfo> All => [.. nodes.Values.OrderBy(node => node.Identity.X500Name, StringComparer.Ordinal)];

    /// <summary>The virtual node of a short hash in either case, or null.</summary>
    public VirtualNodeInfo? Find(string shortHash) => nodes.GetValueOrDefault(shortHash);

    /// <inheritdoc/>
    public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], VirtualNodeInfo>> values)
    {
        nodes = new(values.Select(pair => KeyValuePair.Create(ShortHash(pair.Key), pair.Value)), StringComparer.OrdinalIgnoreCase);
        Loaded = true;
    }

    /// <inheritdoc/>
    public void OnNext(byte[] key, VirtualNodeInfo? value)
    {
        if (value is null) nodes.TryRemove(ShortHash(key), out _);
        else nodes[ShortHash(key)] = value;
    }

    private static string ShortHash(byte[] key) => Encoding.UTF8.GetString(key);
}
