using System.Reflection;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>
/// The enumerators that <c>foreach</c> keeps across an await: saved as collection and place, so that the restored loop goes on with the
/// next item, or throws as the saved one would have if the collection was changed under it.
/// </summary>
internal static class Enumerators
{
    private static readonly Dictionary<Type, string> Makers = new()
    {
        [typeof(List<>.Enumerator)] = nameof(OfList),
        [typeof(Dictionary<,>.Enumerator)] = nameof(OfDictionary),
        [typeof(Dictionary<,>.KeyCollection.Enumerator)] = nameof(OfKeys),
        [typeof(Dictionary<,>.ValueCollection.Enumerator)] = nameof(OfValues),
        [typeof(HashSet<>.Enumerator)] = nameof(OfHashSet),
        [typeof(Queue<>.Enumerator)] = nameof(OfQueue),
        [typeof(Stack<>.Enumerator)] = nameof(OfStack),
        [typeof(LinkedList<>.Enumerator)] = nameof(OfLinkedList),
        [typeof(SortedSet<>.Enumerator)] = nameof(OfSortedSet),
        [typeof(SortedDictionary<,>.Enumerator)] = nameof(OfSortedDictionary),
    };

    private static readonly Type VectorEnumerator =
        typeof(object).Assembly.GetType("System.SZGenericArrayEnumerator`1", throwOnError: true)!;
    private static readonly Type ArrayEnumerator = typeof(object).Assembly.GetType("System.ArrayEnumerator", throwOnError: true)!;

    /// <summary>Whether a struct is one of these enumerators.</summary>
    public static bool Has(Type type) => type.IsGenericType && Makers.ContainsKey(type.GetGenericTypeDefinition());

    public static object CodecOf(Type type) => Make(Makers[type.GetGenericTypeDefinition()], type.GetGenericArguments());

    /// <summary>The plan of an enumerator behind an interface, or null where the type is none.</summary>
    public static TypePlan? PlanOf(Type type, TypePlans plans)
    {
        if (Has(type)) return (TypePlan)Activator.CreateInstance(typeof(BoxedEnumeratorPlan<>).MakeGenericType(type), plans.Codec(type))!;
        if (type == typeof(CharEnumerator)) return new EnumeratorObjectPlan<string>(type, s => s.GetEnumerator(), s => s.Length);
        if (type == ArrayEnumerator) return new EnumeratorObjectPlan<Array>(type, array => array.GetEnumerator(), array => array.Length);
        return type.IsGenericType && type.GetGenericTypeDefinition() == VectorEnumerator
            ? (TypePlan)Make(nameof(OfVector), type.GetGenericArguments(), type)
            : null;
    }

    private static object Make(string maker, Type[] arguments, params object[] parameters) =>
        typeof(Enumerators).GetMethod(maker, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(arguments).Invoke(null, BindingFlags.DoNotWrapExceptions, null, parameters, null)!;

    private static EnumeratorObjectPlan<T[]> OfVector<T>(Type type) => new(
        type, array => ((IEnumerable<T>)array).GetEnumerator(), array => array.Length);

    private static object OfList<T>() => new EnumeratorCodec<List<T>.Enumerator, List<T>>(
        c => c.GetEnumerator(), c => c.Count, () => [], c => c.Add(default!));

    private static object OfDictionary<TKey, TValue>()
        where TKey : notnull => new EnumeratorCodec<Dictionary<TKey, TValue>.Enumerator, Dictionary<TKey, TValue>>(
            c => c.GetEnumerator(), c => c.Count, () => [], c => c.EnsureCapacity(1));

    private static object OfKeys<TKey, TValue>()
        where TKey : notnull => new EnumeratorCodec<Dictionary<TKey, TValue>.KeyCollection.Enumerator, Dictionary<TKey, TValue>>(
            c => c.Keys.GetEnumerator(), c => c.Count, () => [], c => c.EnsureCapacity(1));

    private static object OfValues<TKey, TValue>()
        where TKey : notnull => new EnumeratorCodec<Dictionary<TKey, TValue>.ValueCollection.Enumerator, Dictionary<TKey, TValue>>(
            c => c.Values.GetEnumerator(), c => c.Count, () => [], c => c.EnsureCapacity(1));

    private static object OfHashSet<T>() => new EnumeratorCodec<HashSet<T>.Enumerator, HashSet<T>>(
        c => c.GetEnumerator(), c => c.Count, () => new HashSet<T>(ReferenceOrDefault<T>.Comparer), c => c.Add(default!));

    private static object OfQueue<T>() => new EnumeratorCodec<Queue<T>.Enumerator, Queue<T>>(
        c => c.GetEnumerator(), c => c.Count, () => new Queue<T>(), c => c.Enqueue(default!));

    private static object OfStack<T>() => new EnumeratorCodec<Stack<T>.Enumerator, Stack<T>>(
        c => c.GetEnumerator(), c => c.Count, () => new Stack<T>(), c => c.Push(default!));

    private static object OfLinkedList<T>() => new EnumeratorCodec<LinkedList<T>.Enumerator, LinkedList<T>>(
        c => c.GetEnumerator(), c => c.Count, () => new LinkedList<T>(), c => c.AddLast(default(T)!));

    private static object OfSortedSet<T>() => new EnumeratorCodec<SortedSet<T>.Enumerator, SortedSet<T>>(
        c => c.GetEnumerator(), c => c.Count, () => new SortedSet<T>(ReferenceOrDefault<T>.Order), c => c.Add(default!), SortedTree.Copy);

    private static object OfSortedDictionary<TKey, TValue>()
        where TKey : notnull => new SortedDictionaryEnumeratorCodec<TKey, TValue>();

    /// <summary>Comparers that never call the flow's code.</summary>
    private sealed class ReferenceOrDefault<T> : IEqualityComparer<T>, IComparer<T>
    {
        public static readonly IEqualityComparer<T> Comparer = new ReferenceOrDefault<T>();
        public static readonly IComparer<T> Order = new ReferenceOrDefault<T>();

        public bool Equals(T? x, T? y) => ReferenceEquals(x, y);

        public int GetHashCode(T value) => 0;

        public int Compare(T? x, T? y) => 0;
    }
}
