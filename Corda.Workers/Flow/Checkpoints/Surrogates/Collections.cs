using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Reflection;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>The plans of the framework's collections. A rebuilt collection enumerates in the order of the saved one.</summary>
internal static class Collections
{
    private static readonly Dictionary<Type, string> Makers = new()
    {
        [typeof(List<>)] = nameof(List),
        [typeof(Dictionary<,>)] = nameof(Dictionary),
        [typeof(Dictionary<,>.KeyCollection)] = nameof(Keys),
        [typeof(Dictionary<,>.ValueCollection)] = nameof(Values),
        [typeof(HashSet<>)] = nameof(HashSet),
        [typeof(SortedDictionary<,>)] = nameof(SortedDictionary),
        [typeof(SortedList<,>)] = nameof(SortedList),
        [typeof(SortedSet<>)] = nameof(SortedSet),
        [typeof(Queue<>)] = nameof(Queue),
        [typeof(Stack<>)] = nameof(Stack),
        [typeof(PriorityQueue<,>)] = nameof(PriorityQueue),
        [typeof(LinkedList<>)] = nameof(LinkedList),
        [typeof(ConcurrentDictionary<,>)] = nameof(ConcurrentDictionary),
        [typeof(ConcurrentQueue<>)] = nameof(ConcurrentQueue),
        [typeof(ConcurrentStack<>)] = nameof(ConcurrentStack),
        [typeof(ReadOnlyCollection<>)] = nameof(ReadOnlyCollection),
        [typeof(Collection<>)] = nameof(Collection),
        [typeof(ReadOnlyDictionary<,>)] = nameof(ReadOnlyDictionary),
        [typeof(ImmutableList<>)] = nameof(ImmutableList),
        [typeof(ImmutableDictionary<,>)] = nameof(ImmutableDictionary),
        [typeof(ImmutableHashSet<>)] = nameof(ImmutableHashSet),
        [typeof(ImmutableSortedDictionary<,>)] = nameof(ImmutableSortedDictionary),
        [typeof(ImmutableSortedSet<>)] = nameof(ImmutableSortedSet),
        [typeof(ImmutableQueue<>)] = nameof(ImmutableQueue),
        [typeof(ImmutableStack<>)] = nameof(ImmutableStack),
    };

    /// <summary>The plan of a collection, or null where the type is none.</summary>
    public static TypePlan? PlanOf(Type type, TypePlans plans) =>
        type.IsGenericType && Makers.TryGetValue(type.GetGenericTypeDefinition(), out string? maker)
            ? (TypePlan)typeof(Collections).GetMethod(maker, BindingFlags.Static | BindingFlags.NonPublic)!
                .MakeGenericMethod(type.GetGenericArguments()).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [plans], null)!
            : null;

    private static TypePlan List<T>(TypePlans plans) => new ListPlan<T>(plans);

    private static TypePlan Dictionary<TKey, TValue>(TypePlans plans)
        where TKey : notnull
    {
        var construct = Construct<Dictionary<TKey, TValue>, int, IEqualityComparer<TKey>?>();
        return new CollectionPlan<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(plans, new(
            c => c.Count,
            (c, comparer, items) =>
            {
                construct(c, items.Length, (IEqualityComparer<TKey>?)comparer);
                foreach ((TKey key, TValue value) in items) c.Add(key, value);
            },
            c => UnlessDefault(c.Comparer),
            typeof(TKey)));
    }

    private static TypePlan Keys<TKey, TValue>(TypePlans plans)
        where TKey : notnull => new WrapperPlan<Dictionary<TKey, TValue>.KeyCollection, Dictionary<TKey, TValue>>(
            InPlace.FieldOf<Dictionary<TKey, TValue>.KeyCollection, Dictionary<TKey, TValue>>(),
            Construct<Dictionary<TKey, TValue>.KeyCollection, Dictionary<TKey, TValue>>());

    private static TypePlan Values<TKey, TValue>(TypePlans plans)
        where TKey : notnull => new WrapperPlan<Dictionary<TKey, TValue>.ValueCollection, Dictionary<TKey, TValue>>(
            InPlace.FieldOf<Dictionary<TKey, TValue>.ValueCollection, Dictionary<TKey, TValue>>(),
            Construct<Dictionary<TKey, TValue>.ValueCollection, Dictionary<TKey, TValue>>());

    private static TypePlan HashSet<T>(TypePlans plans)
    {
        var construct = Construct<HashSet<T>, int, IEqualityComparer<T>?>();
        return new CollectionPlan<HashSet<T>, T>(plans, new(
            c => c.Count,
            (c, comparer, items) =>
            {
                construct(c, items.Length, (IEqualityComparer<T>?)comparer);
                foreach (T item in items) c.Add(item);
            },
            c => UnlessDefault(c.Comparer),
            typeof(T)));
    }

    private static TypePlan SortedDictionary<TKey, TValue>(TypePlans plans)
        where TKey : notnull
    {
        var construct = Construct<SortedDictionary<TKey, TValue>, IComparer<TKey>?>();
        return new CollectionPlan<SortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(plans, new(
            c => c.Count,
            (c, comparer, items) =>
            {
                construct(c, (IComparer<TKey>?)comparer);
                foreach ((TKey key, TValue value) in items) c.Add(key, value);
            },
            c => UnlessDefault(c.Comparer),
            typeof(TKey)));
    }

    private static TypePlan SortedList<TKey, TValue>(TypePlans plans)
        where TKey : notnull
    {
        var construct = Construct<SortedList<TKey, TValue>, int, IComparer<TKey>?>();
        return new CollectionPlan<SortedList<TKey, TValue>, KeyValuePair<TKey, TValue>>(plans, new(
            c => c.Count,
            (c, comparer, items) =>
            {
                construct(c, items.Length, (IComparer<TKey>?)comparer);
                foreach ((TKey key, TValue value) in items) c.Add(key, value);
            },
            c => UnlessDefault(c.Comparer),
            typeof(TKey)));
    }

    private static TypePlan SortedSet<T>(TypePlans plans)
    {
        var construct = Construct<SortedSet<T>, IComparer<T>?>();
        return new CollectionPlan<SortedSet<T>, T>(plans, new(
            c => c.Count,
            (c, comparer, items) =>
            {
                construct(c, (IComparer<T>?)comparer);
                foreach (T item in items) c.Add(item);
            },
            c => UnlessDefault(c.Comparer),
            typeof(T)));
    }

    private static TypePlan Queue<T>(TypePlans plans)
    {
        var construct = Construct<Queue<T>, IEnumerable<T>>();
        return new CollectionPlan<Queue<T>, T>(plans, new(c => c.Count, (c, _, items) => construct(c, items)));
    }

    private static TypePlan Stack<T>(TypePlans plans)
    {
        // Enumerated from the top, filled from the bottom.
        var construct = Construct<Stack<T>, IEnumerable<T>>();
        return new CollectionPlan<Stack<T>, T>(plans, new(c => c.Count, (c, _, items) => construct(c, Reversed(items))));
    }

    private static TypePlan PriorityQueue<TElement, TPriority>(TypePlans plans)
    {
        // Its items make a heap already, which the constructor leaves as it is: equal priorities come in the same order as before.
        var construct = Construct<PriorityQueue<TElement, TPriority>, IEnumerable<(TElement, TPriority)>, IComparer<TPriority>?>();
        return new CollectionPlan<PriorityQueue<TElement, TPriority>, (TElement, TPriority)>(plans, new(
            c => c.Count,
            (c, comparer, items) => construct(c, items, (IComparer<TPriority>?)comparer),
            c => UnlessDefault(c.Comparer),
            typeof(TPriority),
            c => c.UnorderedItems));
    }

    private static TypePlan LinkedList<T>(TypePlans plans)
    {
        var construct = Construct<LinkedList<T>, IEnumerable<T>>();
        return new CollectionPlan<LinkedList<T>, T>(plans, new(c => c.Count, (c, _, items) => construct(c, items)));
    }

    private static TypePlan ConcurrentDictionary<TKey, TValue>(TypePlans plans)
        where TKey : notnull
    {
        var construct = Construct<ConcurrentDictionary<TKey, TValue>, IEqualityComparer<TKey>?>();
        return new CollectionPlan<ConcurrentDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(plans, new(
            c => c.Count,
            (c, comparer, items) =>
            {
                construct(c, (IEqualityComparer<TKey>?)comparer);
                foreach ((TKey key, TValue value) in items) Require(c.TryAdd(key, value));
            },
            c => UnlessDefault(c.Comparer),
            typeof(TKey)));
    }

    private static TypePlan ConcurrentQueue<T>(TypePlans plans)
    {
        var construct = Construct<ConcurrentQueue<T>, IEnumerable<T>>();
        return new CollectionPlan<ConcurrentQueue<T>, T>(plans, new(c => c.Count, (c, _, items) => construct(c, items)));
    }

    private static TypePlan ConcurrentStack<T>(TypePlans plans)
    {
        var construct = Construct<ConcurrentStack<T>, IEnumerable<T>>();
        return new CollectionPlan<ConcurrentStack<T>, T>(plans, new(c => c.Count, (c, _, items) => construct(c, Reversed(items))));
    }

    private static TypePlan ReadOnlyCollection<T>(TypePlans plans) => new WrapperPlan<ReadOnlyCollection<T>, IList<T>>(
        InPlace.FieldOf<ReadOnlyCollection<T>, IList<T>>(), Construct<ReadOnlyCollection<T>, IList<T>>());

    private static TypePlan Collection<T>(TypePlans plans) => new WrapperPlan<Collection<T>, IList<T>>(
        InPlace.FieldOf<Collection<T>, IList<T>>(), Construct<Collection<T>, IList<T>>());

    private static TypePlan ReadOnlyDictionary<TKey, TValue>(TypePlans plans)
        where TKey : notnull => new WrapperPlan<ReadOnlyDictionary<TKey, TValue>, IDictionary<TKey, TValue>>(
            InPlace.FieldOf<ReadOnlyDictionary<TKey, TValue>, IDictionary<TKey, TValue>>(),
            Construct<ReadOnlyDictionary<TKey, TValue>, IDictionary<TKey, TValue>>());

    private static TypePlan ImmutableList<T>(TypePlans plans)
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableList<T>));
        return new CollectionPlan<ImmutableList<T>, T>(plans, new(
            c => c.Count, (c, _, items) => copy(System.Collections.Immutable.ImmutableList.Create(items), c)));
    }

    private static TypePlan ImmutableDictionary<TKey, TValue>(TypePlans plans)
        where TKey : notnull
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableDictionary<TKey, TValue>));
        return new CollectionPlan<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(plans, new(
            c => c.Count,
            (c, comparer, items) => copy(
                System.Collections.Immutable.ImmutableDictionary.CreateRange(
                    OfKeys<IEqualityComparer<TKey>>(comparer), OfValues<IEqualityComparer<TValue>>(comparer), items),
                c),
            c => WithValues(UnlessDefault(c.KeyComparer), UnlessDefault(c.ValueComparer)),
            typeof(TKey)));
    }

    private static TypePlan ImmutableHashSet<T>(TypePlans plans)
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableHashSet<T>));
        return new CollectionPlan<ImmutableHashSet<T>, T>(plans, new(
            c => c.Count,
            (c, comparer, items) => copy(
                System.Collections.Immutable.ImmutableHashSet.CreateRange((IEqualityComparer<T>?)comparer, items), c),
            c => UnlessDefault(c.KeyComparer),
            typeof(T)));
    }

    private static TypePlan ImmutableSortedDictionary<TKey, TValue>(TypePlans plans)
        where TKey : notnull
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableSortedDictionary<TKey, TValue>));
        return new CollectionPlan<ImmutableSortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(plans, new(
            c => c.Count,
            (c, comparer, items) => copy(
                System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(
                    OfKeys<IComparer<TKey>>(comparer), OfValues<IEqualityComparer<TValue>>(comparer), items),
                c),
            c => WithValues(UnlessDefault(c.KeyComparer), UnlessDefault(c.ValueComparer)),
            typeof(TKey)));
    }

    private static TypePlan ImmutableSortedSet<T>(TypePlans plans)
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableSortedSet<T>));
        return new CollectionPlan<ImmutableSortedSet<T>, T>(plans, new(
            c => c.Count,
            (c, comparer, items) => copy(
                System.Collections.Immutable.ImmutableSortedSet.CreateRange((IComparer<T>?)comparer, items), c),
            c => UnlessDefault(c.KeyComparer),
            typeof(T)));
    }

    private static TypePlan ImmutableQueue<T>(TypePlans plans)
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableQueue<T>));
        return new CollectionPlan<ImmutableQueue<T>, T>(plans, new(
            c => c.Count(), (c, _, items) => copy(System.Collections.Immutable.ImmutableQueue.Create(items), c)));
    }

    private static TypePlan ImmutableStack<T>(TypePlans plans)
    {
        Action<object, object> copy = InPlace.Copy(typeof(ImmutableStack<T>));
        return new CollectionPlan<ImmutableStack<T>, T>(plans, new(
            c => c.Count(), (c, _, items) => copy(System.Collections.Immutable.ImmutableStack.CreateRange(Reversed(items)), c)));
    }

    private static object? UnlessDefault<T>(IEqualityComparer<T> comparer) => comparer == EqualityComparer<T>.Default ? null : comparer;

    private static object? UnlessDefault<T>(IComparer<T> comparer) => comparer == Comparer<T>.Default ? null : comparer;

    // Two comparers stand in an array, where there is one for the values.
    private static object? WithValues(object? ofKeys, object? ofValues) => ofValues is null ? ofKeys : new object?[] { ofKeys, ofValues };

    private static TComparer? OfKeys<TComparer>(object? comparer)
        where TComparer : class => (TComparer?)(comparer is object?[] both ? both[0] : comparer);

    private static TComparer? OfValues<TComparer>(object? comparer)
        where TComparer : class => comparer is object?[] both ? (TComparer?)both[1] : null;

    private static T[] Reversed<T>(T[] items)
    {
        Array.Reverse(items);
        return items;
    }

    private static void Require(bool added)
    {
        if (!added) throw FrameGraphReader.Damaged("a key stands twice in a dictionary");
    }

    private static Action<TCollection, TArgument> Construct<TCollection, TArgument>() =>
        InPlace.Constructor<Action<TCollection, TArgument>>(typeof(TCollection), typeof(TArgument));

    private static Action<TCollection, TFirst, TSecond> Construct<TCollection, TFirst, TSecond>() =>
        InPlace.Constructor<Action<TCollection, TFirst, TSecond>>(typeof(TCollection), typeof(TFirst), typeof(TSecond));
}
