using System.Runtime.CompilerServices;
using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Engine;

/// <inheritdoc/>
internal sealed class FrameStore : IFrameStore
{
    // A package's compiled accessors live as long as the package does.
    private readonly ConditionalWeakTable<FlowPackage, FrameGraphSerializer> serializers = [];

    public byte[] Save(FlowPackage package, FlowFiber fiber, FlowExternals externals) => Of(package).Save(fiber, externals);

    public FlowFiber Restore(FlowPackage package, ReadOnlySpan<byte> frames, FlowExternals externals) => Of(package).Restore(frames, externals);

    private FrameGraphSerializer Of(FlowPackage package) => serializers.GetValue(package, static p => new FrameGraphSerializer(p));
}
