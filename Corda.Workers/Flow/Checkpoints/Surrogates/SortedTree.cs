using System.Collections;
using System.Reflection;
using Corda.Workers.Flow.Checkpoints.Types;
using Corda.Workers.Flow.Checkpoints.Values;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>The enumerators of sorted sets and dictionaries walk a tree with a stack, which plain copies of them would share.</summary>
internal static class SortedTree
{
    /// <summary>A copy of a boxed enumerator that can be run without moving the original.</summary>
    public static object Copy(object enumerator)
    {
        object copy = InPlace.Clone(enumerator);
        foreach (FieldInfo field in SavedFields.Of(copy.GetType(), typeof(object)))
        {
            if (field.GetValue(copy) is not { } part) continue;
            if (IsStack(field.FieldType)) field.SetValue(copy, CopyStack((IEnumerable)part, field.FieldType));
            else if (field.FieldType.IsValueType && field.FieldType.IsNested) field.SetValue(copy, Copy(part));
        }

        return copy;
    }

    private static bool IsStack(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Stack<>);

    private static object CopyStack(IEnumerable stack, Type type)
    {
        object[] items = [.. stack.Cast<object>().Reverse()];
        var typed = Array.CreateInstance(type.GetGenericArguments()[0], items.Length);
        items.CopyTo(typed, 0);
        return Activator.CreateInstance(type, typed)!;
    }
}

/// <summary>
/// The enumerator of a sorted dictionary knows the tree but not the dictionary, so what it has still to give is saved, as a dictionary
/// of its own. Only a change to the dictionary under the loop, an error anyway, goes unnoticed after a restore.
/// </summary>
internal sealed class SortedDictionaryEnumeratorCodec<TKey, TValue> : LateCodec<SortedDictionary<TKey, TValue>.Enumerator>
    where TKey : notnull
{
    private static readonly FieldInfo TreeEnumerator = typeof(SortedDictionary<TKey, TValue>.Enumerator)
        .GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Single(f => f.FieldType is { IsValueType: true, IsNested: true });

    private static readonly Func<SortedSet<KeyValuePair<TKey, TValue>>.Enumerator, SortedSet<KeyValuePair<TKey, TValue>>?> TreeOf =
        InPlace.FieldOf<SortedSet<KeyValuePair<TKey, TValue>>.Enumerator, SortedSet<KeyValuePair<TKey, TValue>>?>();

    public override void Write(FrameGraphWriter writer, ref SortedDictionary<TKey, TValue>.Enumerator value)
    {
        object box = value;
        var inner = (SortedSet<KeyValuePair<TKey, TValue>>.Enumerator)TreeEnumerator.GetValue(box)!;
        if (TreeOf(inner) is not { } tree)
        {
            writer.Reference(null);
            return;
        }

        var rest = new SortedDictionary<TKey, TValue>(KeyComparer(tree));
        bool started = Started(inner);
        if (started) rest.Add(inner.Current.Key, inner.Current.Value);
        var copy = (IEnumerator)SortedTree.Copy(box);
        try
        {
            while (copy.MoveNext())
            {
                (TKey key, TValue item) = (KeyValuePair<TKey, TValue>)copy.Current!;
                rest.Add(key, item);
            }
        }
        catch (InvalidOperationException)
        {
            throw writer.Refuse(value.GetType(), "do not change a dictionary while you enumerate it; iterate over ToList()", value);
        }

        writer.Reference(rest);
        writer.Bool(started);
    }

    public override Func<SortedDictionary<TKey, TValue>.Enumerator>? ReadLater(FrameGraphReader reader)
    {
        var rest = (SortedDictionary<TKey, TValue>?)reader.Reference();
        if (rest is null) return null;
        bool started = reader.Bool();
        return () =>
        {
            SortedDictionary<TKey, TValue>.Enumerator enumerator = rest.GetEnumerator();
            if (started) enumerator.MoveNext();
            return enumerator;
        };
    }

    private static bool Started(SortedSet<KeyValuePair<TKey, TValue>>.Enumerator enumerator) => SavedFields
        .Of(enumerator.GetType(), typeof(object))
        .Single(f => f.FieldType.IsNested && !f.FieldType.IsValueType).GetValue(enumerator) is not null;

    private static IComparer<TKey>? KeyComparer(SortedSet<KeyValuePair<TKey, TValue>> tree) => (IComparer<TKey>?)tree.Comparer.GetType()
        .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
        .SingleOrDefault(f => f.FieldType == typeof(IComparer<TKey>))?.GetValue(tree.Comparer);
}
