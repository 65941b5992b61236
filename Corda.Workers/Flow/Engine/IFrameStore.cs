using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Engine;

/// <summary>Turns the frames of a flow into bytes and back. Thread-safe.</summary>
internal interface IFrameStore
{
    /// <summary>The bytes of a parked fiber.</summary>
    /// <exception cref="CheckpointException">Something in it cannot be saved.</exception>
    byte[] Save(FlowPackage package, FlowFiber fiber, FlowExternals externals);

    /// <summary>The fiber of bytes.</summary>
    /// <exception cref="CheckpointException">The bytes are damaged, or not of this package.</exception>
    FlowFiber Restore(FlowPackage package, ReadOnlySpan<byte> frames, FlowExternals externals);
}
