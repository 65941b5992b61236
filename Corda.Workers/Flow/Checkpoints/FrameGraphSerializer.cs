using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints.Types;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// Saves the program of a flow as bytes, and brings it back on any worker that has the same package. One for each package; thread-safe.
/// </summary>
/// <remarks>
/// A checkpoint is data: on restore only types of the package and of the fixed tables come to life, and no constructor, property or
/// initialiser of the package's code runs; only the hashing and comparing of a rebuilt collection's keys does. Static fields are not
/// part of a flow, nor are fields marked <see cref="NonSerializedAttribute"/>.
/// </remarks>
internal sealed class FrameGraphSerializer(FlowPackage package)
{
    [ThreadStatic]
    private static FrameGraphWriter? idleWriter;

    [ThreadStatic]
    private static FrameGraphReader? idleReader;

    private readonly TypePlans plans = new(package);

    /// <summary>Saves a fiber that does not run.</summary>
    /// <exception cref="CheckpointException">It holds what cannot be saved; the message says where, what, and what to do.</exception>
    public byte[] Save(FlowFiber fiber, FlowExternals externals)
    {
        FrameGraphWriter writer = idleWriter ?? new FrameGraphWriter();
        idleWriter = null;
        try
        {
            return writer.Write(fiber, externals, plans);
        }
        finally
        {
            writer.Reset();
            idleWriter = writer;
        }
    }

    /// <summary>Brings a saved fiber back; the externals stand where they stood when it was saved.</summary>
    /// <exception cref="CheckpointException">The bytes are damaged, of another format or package, or were made to do harm.</exception>
    public FlowFiber Restore(ReadOnlySpan<byte> frames, FlowExternals externals)
    {
        FrameFormat.Check(frames, SdkTypeTable.Layout);
        FrameGraphReader reader = idleReader ?? new FrameGraphReader();
        idleReader = null;
        try
        {
            return (FlowFiber)reader.Read(frames, externals, plans);
        }
        catch (Exception cause) when (cause is not CheckpointException)
        {
            // What a cast, a constructor or a comparer of the flow says to bytes that make no sense.
            throw new CheckpointException($"The frames cannot be restored: {cause.Message}", cause);
        }
        finally
        {
            reader.Reset();
            idleReader = reader;
        }
    }
}
