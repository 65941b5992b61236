using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Flow.Engine;
using Corda.Workers.Packaging;

namespace Corda.Tests.Flow.Scenarios.Support;

internal sealed class LiveOnlyFrames : IFrameStore
{
    public byte[] Save(FlowPackage package, FlowFiber fiber, FlowExternals externals) => [];

    public FlowFiber Restore(FlowPackage package, ReadOnlySpan<byte> frames, FlowExternals externals) =>
        throw new CheckpointException("These frames live in memory only.");
}
