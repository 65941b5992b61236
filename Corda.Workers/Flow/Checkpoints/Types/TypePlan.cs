namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>How objects of one type are saved and restored. Made once per type and package; thread-safe.</summary>
internal abstract class TypePlan(Type type)
{
    public Type Type { get; } = type;

    /// <summary>Numbers the plans of one package, from 1.</summary>
    public int Number { get; set; }

    /// <summary>The type as it stands in a graph: see <see cref="TypeCodes"/>.</summary>
    public byte[] Code { get; set; } = [];

    /// <summary>
    /// Whether the object stands whole at the first reference to it and has no body. So do values that nothing can refer to before they are
    /// made.
    /// </summary>
    public virtual bool StandsWhole => false;

    /// <summary>Writes what must be known to allocate the object, or the whole of it.</summary>
    public virtual void WriteNew(FrameGraphWriter writer, object value)
    {
    }

    /// <summary>Allocates the object without running its constructor, or makes the whole of it.</summary>
    public abstract object ReadNew(FrameGraphReader reader);

    /// <summary>The fewest bytes the body of an allocated object can have.</summary>
    public virtual long BodyBytesMin(object value) => 0;

    /// <summary>The same plan, to be numbered by another package.</summary>
    public TypePlan Copy() => (TypePlan)MemberwiseClone();

    public virtual void WriteBody(FrameGraphWriter writer, object value)
    {
    }

    public virtual void ReadBody(FrameGraphReader reader, object value)
    {
    }
}
