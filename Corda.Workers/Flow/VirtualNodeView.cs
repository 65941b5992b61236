using System.Collections.Immutable;
using System.Text;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Workers.Flow;

/// <summary>The flow role's copy of <c>virtual.node.info</c>.</summary>
internal sealed class VirtualNodeView : ICompactedProcessor<VirtualNodeInfo>, IVirtualNodes
{
    // One thread writes, many read: the whole picture is replaced at once.
    private volatile Picture picture = new([]);
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the topic was read for the first time.</summary>
    public Task Loaded => loaded.Task;

    public void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], VirtualNodeInfo>> values)
    {
        picture = new Picture(values.ToImmutableDictionary(entry => NameOf(entry.Key), entry => entry.Value));
        loaded.TrySetResult();
    }

    public void OnNext(byte[] key, VirtualNodeInfo? value) => picture = new Picture(
        value is null ? picture.ByKey.Remove(NameOf(key)) : picture.ByKey.SetItem(NameOf(key), value));

    public VirtualNodeInfo? Find(HoldingIdentity identity) => picture.ByIdentity.GetValueOrDefault(identity);

    public IReadOnlyList<VirtualNodeInfo> InGroup(string groupId) => picture.ByGroup.GetValueOrDefault(groupId) ?? [];

    private static string NameOf(byte[] key) => Encoding.UTF8.GetString(key);

    private sealed class Picture(ImmutableDictionary<string, VirtualNodeInfo> byKey)
    {
        public ImmutableDictionary<string, VirtualNodeInfo> ByKey { get; } = byKey;

        public Dictionary<HoldingIdentity, VirtualNodeInfo> ByIdentity { get; } = byKey.Values.ToDictionary(node => node.Identity);

        public Dictionary<string, VirtualNodeInfo[]> ByGroup { get; } = byKey.Values
            .GroupBy(node => node.Identity.GroupId)
            .ToDictionary(group => group.Key, group => group.OrderBy(node => node.Identity.X500Name, StringComparer.Ordinal).ToArray());
    }
}
