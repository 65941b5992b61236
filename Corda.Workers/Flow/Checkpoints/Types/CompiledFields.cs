namespace Corda.Workers.Flow.Checkpoints.Types;

internal delegate void WriteInPlace<T>(FrameGraphWriter writer, ref T value);

internal delegate void ReadInPlace<T>(FrameGraphReader reader, ref T value);

/// <summary>Compiled code for the fields of a type: of objects, or of a struct at a place in memory.</summary>
/// <param name="BytesMin">The fewest bytes they take.</param>
internal sealed record CompiledFields<T>(int BytesMin)
{
    /// <summary>Writes the fields of an object.</summary>
    public Action<FrameGraphWriter, object>? Write { get; init; }

    /// <summary>Reads them into an allocated object.</summary>
    public Action<FrameGraphReader, object>? Read { get; init; }

    /// <summary>Writes the fields of a struct.</summary>
    public WriteInPlace<T>? WriteStruct { get; init; }

    /// <summary>Reads them into a struct.</summary>
    public ReadInPlace<T>? ReadStruct { get; init; }
}
