using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Corda.Workers.Flow.Checkpoints.Types;
using Corda.Workers.Flow.Checkpoints.Values;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>What a collection is saved as and rebuilt from.</summary>
/// <param name="Count">The number of items.</param>
/// <param name="Build">Builds the collection in place from its comparer and its items, in the order of their enumeration.</param>
/// <param name="Comparer">Its comparer, or null where it is the default; null for a collection without.</param>
/// <param name="Key">The type whose values are hashed or compared when it is built.</param>
/// <param name="Items">Its items; null where it enumerates them itself.</param>
internal sealed record CollectionShape<TCollection, T>(
    Func<TCollection, int> Count, Action<TCollection, object?, T[]> Build, Func<TCollection, object?>? Comparer = null, Type? Key = null,
    Func<TCollection, IEnumerable<T>>? Items = null);

/// <summary>
/// A collection of the framework by its items, never its private fields: these change between runtimes, and hash codes between processes.
/// </summary>
/// <remarks>
/// Building a hashed or sorted collection may call the flow's own code, to hash and compare its keys. That waits until all objects are
/// whole, and happens only to frames whose checksum was right.
/// </remarks>
internal sealed class CollectionPlan<TCollection, T>(TypePlans plans, CollectionShape<TCollection, T> shape) : TypePlan(typeof(TCollection))
    where TCollection : class
{
    private readonly ValueCodec<T> codec = plans.Codec<T>();
    private readonly bool keysAreWhole = shape.Key is null || shape.Key.IsPrimitive || shape.Key.IsEnum
        || shape.Key == typeof(string) || shape.Key == typeof(Guid) || shape.Key == typeof(decimal) || shape.Key == typeof(DateTime);

    public override object ReadNew(FrameGraphReader reader) => RuntimeHelpers.GetUninitializedObject(Type);

    public override long BodyBytesMin(object value) => 1;

    public override void WriteBody(FrameGraphWriter writer, object value)
    {
        var collection = (TCollection)value;
        if (shape.Comparer is not null) writer.Reference(shape.Comparer(collection));
        writer.Varint((uint)shape.Count(collection));
        foreach (T item in shape.Items?.Invoke(collection) ?? (IEnumerable<T>)collection)
        {
            T copy = item;
            codec.Write(writer, ref copy);
        }
    }

    public override void ReadBody(FrameGraphReader reader, object value)
    {
        object? comparer = shape.Comparer is null ? null : reader.Reference();
        var items = new T[reader.Count(codec.BytesMin)];
        codec.ReadAll(reader, items);
        bool frameworkCompares = comparer is null || (comparer is not object[] && comparer.GetType().Assembly == typeof(object).Assembly);
        if (keysAreWhole && frameworkCompares) shape.Build((TCollection)value, comparer, items);
        else reader.WhenAllIsRead(() => shape.Build((TCollection)value, comparer, items));
    }
}

/// <summary>The commonest collection, without an array in between.</summary>
internal sealed class ListPlan<T>(TypePlans plans) : TypePlan(typeof(List<T>))
{
    private readonly ValueCodec<T> codec = plans.Codec<T>();
    private readonly Action<List<T>, int> construct = InPlace.Constructor<Action<List<T>, int>>(typeof(List<T>), typeof(int));

    public override object ReadNew(FrameGraphReader reader) => InPlace.Allocate<List<T>>();

    public override long BodyBytesMin(object value) => 1;

    public override void WriteBody(FrameGraphWriter writer, object value)
    {
        Span<T> items = CollectionsMarshal.AsSpan((List<T>)value);
        writer.Varint((uint)items.Length);
        codec.WriteAll(writer, items);
    }

    public override void ReadBody(FrameGraphReader reader, object value)
    {
        var list = (List<T>)value;
        int count = reader.Count(codec.BytesMin);
        construct(list, count);
        CollectionsMarshal.SetCount(list, count);
        codec.ReadAll(reader, CollectionsMarshal.AsSpan(list));
    }
}

/// <summary>An object that is nothing but a view of another.</summary>
internal sealed class WrapperPlan<TWrapper, TInner>(Func<TWrapper, TInner> inner, Action<TWrapper, TInner> construct)
    : TypePlan(typeof(TWrapper))
    where TWrapper : class
    where TInner : class
{
    public override object ReadNew(FrameGraphReader reader) => InPlace.Allocate<TWrapper>();

    public override long BodyBytesMin(object value) => 1;

    public override void WriteBody(FrameGraphWriter writer, object value) => writer.Reference(inner((TWrapper)value));

    public override void ReadBody(FrameGraphReader reader, object value) =>
        construct((TWrapper)value, (TInner?)reader.Reference() ?? throw FrameGraphReader.Damaged($"a {Type} is of nothing"));
}
