using System.Collections;
using System.Runtime.CompilerServices;
using Corda.Workers.Flow.Checkpoints.Types;
using Corda.Workers.Flow.Checkpoints.Values;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>A struct enumerator as its collection and the number of items it has still to give; a copy of it counts them.</summary>
/// <param name="start">Begins an enumeration.</param>
/// <param name="count">Counts the collection.</param>
/// <param name="empty">Makes an empty collection.</param>
/// <param name="change">Changes a collection, so that its enumerators fail.</param>
/// <param name="copy">Copies an enumerator whose copies share state; null for a plain struct.</param>
internal sealed class EnumeratorCodec<TEnumerator, TSource>(
    Func<TSource, TEnumerator> start,
    Func<TSource, int> count,
    Func<TSource> empty,
    Action<TSource> change,
    Func<object, object>? copy = null)
    : LateCodec<TEnumerator>
    where TEnumerator : struct, IEnumerator
    where TSource : class
{
    private const int Changed = -1;
    private readonly Func<TEnumerator, TSource?> sourceOf = InPlace.FieldOf<TEnumerator, TSource?>();

    public override int BytesMin => 2;

    public override void Write(FrameGraphWriter writer, ref TEnumerator value)
    {
        TSource? source = sourceOf(value);
        int remaining = source is null ? 0 : Remaining(copy is null ? value : (TEnumerator)copy(value));
        writer.Reference(remaining == Changed ? null : source);
        writer.Int32(remaining);
    }

    public override Func<TEnumerator>? ReadLater(FrameGraphReader reader)
    {
        var source = (TSource?)reader.Reference();
        int remaining = reader.Int32();
        if (remaining == Changed) return Failing;
        return source is null ? null : () => At(source, count(source) - remaining);
    }

    private static int Remaining(TEnumerator enumerator)
    {
        try
        {
            int remaining = 0;
            while (enumerator.MoveNext()) remaining++;
            return remaining;
        }
        catch (InvalidOperationException)
        {
            return Changed;
        }
    }

    private TEnumerator At(TSource source, int place)
    {
        if (place < 0) throw FrameGraphReader.Damaged("an enumerator has more to give than its collection");
        TEnumerator enumerator = start(source);
        for (int i = 0; i < place; i++)
        {
            if (!enumerator.MoveNext()) throw FrameGraphReader.Damaged("an enumerator stands behind its collection");
        }

        return enumerator;
    }

    private TEnumerator Failing()
    {
        TSource other = empty();
        TEnumerator enumerator = start(other);
        change(other);
        return enumerator;
    }
}

/// <summary>A struct enumerator behind an interface.</summary>
internal sealed class BoxedEnumeratorPlan<TEnumerator>(LateCodec<TEnumerator> codec) : TypePlan(typeof(TEnumerator))
    where TEnumerator : struct
{
    public override object ReadNew(FrameGraphReader reader) => RuntimeHelpers.GetUninitializedObject(Type);

    public override long BodyBytesMin(object value) => codec.BytesMin;

    public override void WriteBody(FrameGraphWriter writer, object value)
    {
        if (GivesEntries((IEnumerator)value)) throw writer.Refuse(Type, "iterate over the generic dictionary, or over ToList()", value);
        codec.Write(writer, ref Unsafe.Unbox<TEnumerator>(value));
    }

    public override void ReadBody(FrameGraphReader reader, object value)
    {
        if (codec.ReadLater(reader) is { } make) reader.WhenCollectionsAreBuilt(() => Unsafe.Unbox<TEnumerator>(value) = make());
    }

    /// <summary>Whether the enumerator of a dictionary was asked for through IDictionary: a restored one would give pairs instead.</summary>
    private static bool GivesEntries(IEnumerator enumerator)
    {
        if (enumerator is not IDictionaryEnumerator) return false;
        try
        {
            return enumerator.Current is DictionaryEntry;
        }
        catch (InvalidOperationException)
        {
            // Before the first item or behind the last: it gives nothing a restored one would not.
            return false;
        }
    }
}

/// <summary>An enumerator that is an object: of an array or a string.</summary>
internal sealed class EnumeratorObjectPlan<TSource>(Type type, Func<TSource, IEnumerator> start, Func<TSource, int> count) : TypePlan(type)
    where TSource : class
{
    private readonly Func<object, TSource?> sourceOf = InPlace.FieldOf<object, TSource?>(type);
    private readonly Action<object, object> copy = InPlace.Copy(type);

    public override object ReadNew(FrameGraphReader reader) => RuntimeHelpers.GetUninitializedObject(Type);

    public override long BodyBytesMin(object value) => 2;

    public override void WriteBody(FrameGraphWriter writer, object value)
    {
        TSource? source = sourceOf(value);
        writer.Reference(source);
        writer.Int32(source is null ? 0 : Remaining((IEnumerator)InPlace.Clone(value)));
    }

    public override void ReadBody(FrameGraphReader reader, object value)
    {
        var source = (TSource?)reader.Reference();
        int remaining = reader.Int32();
        if (source is null) return;
        reader.WhenCollectionsAreBuilt(() =>
        {
            IEnumerator enumerator = start(source);
            int place = count(source) - remaining;
            if (place < 0 || remaining < 0) throw FrameGraphReader.Damaged("an enumerator has more to give than its collection");
            for (int i = 0; i < place; i++) enumerator.MoveNext();
            copy(enumerator, value);
        });
    }

    private static int Remaining(IEnumerator enumerator)
    {
        int remaining = 0;
        while (enumerator.MoveNext()) remaining++;
        return remaining;
    }
}
