namespace Corda.Workers.Flow.Checkpoints.Values;

/// <summary>Writes and reads values of one type at a place in memory: a field, an item of an array, the inside of a box.</summary>
internal abstract class ValueCodec<T>
{
    /// <summary>
    /// The fewest bytes a value takes; at least 1, so that a count of values can be held against the bytes that are left.
    /// </summary>
    public virtual int BytesMin => 1;

    public abstract void Write(FrameGraphWriter writer, ref T value);

    public abstract void Read(FrameGraphReader reader, ref T value);

    public virtual void WriteAll(FrameGraphWriter writer, Span<T> values)
    {
        foreach (ref T value in values) Write(writer, ref value);
    }

    public virtual void ReadAll(FrameGraphReader reader, Span<T> values)
    {
        foreach (ref T value in values) Read(reader, ref value);
    }
}

/// <summary>A codec whose values can only be made when the collections they refer to are whole: the enumerators.</summary>
internal interface ILateCodec;

/// <summary>A late value in a field.</summary>
internal sealed class LateField<T>(LateCodec<T> codec, Action<object, T> set)
{
    /// <summary>Reads what the value is made of and puts off making it.</summary>
    public void Read(FrameGraphReader reader, object holder)
    {
        if (codec.ReadLater(reader) is { } make) reader.WhenCollectionsAreBuilt(() => set(holder, make()));
    }
}

/// <inheritdoc cref="ILateCodec"/>
internal abstract class LateCodec<T> : ValueCodec<T>, ILateCodec
{
    /// <summary>Reads what the value is made of; answers how to make it, or null where it is the default.</summary>
    public abstract Func<T>? ReadLater(FrameGraphReader reader);

    /// <summary>Fails: such a value has no place that could be filled later.</summary>
    public override void Read(FrameGraphReader reader, ref T value) =>
        throw FrameGraphReader.Damaged($"a {typeof(T)} stands where none can");
}
