namespace Corda.Workers.Flow.Checkpoints.Types;

internal delegate void WriteInPlace<T>(FrameGraphWriter writer, ref T value);

internal delegate void ReadInPlace<T>(FrameGraphReader reader, ref T value);

/// <summary>Compiled code for the fields of a type: of objects, or of a struct at a place in memory.</summary>
/// <param name="Write">Writes the fields of an object.</param>
/// <param name="Read">Reads them into an allocated object.</param>
/// <param name="WriteStruct">Writes the fields of a struct.</param>
/// <param name="ReadStruct">Reads them into a struct.</param>
/// <param name="BytesMin">The fewest bytes they take.</param>
internal sealed record CompiledFields<T>(
    Action<FrameGraphWriter, object>? Write,
    Action<FrameGraphReader, object>? Read,
    WriteInPlace<T>? WriteStruct,
    ReadInPlace<T>? ReadStruct,
    int BytesMin);
