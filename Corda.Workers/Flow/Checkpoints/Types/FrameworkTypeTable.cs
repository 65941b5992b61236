using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>
/// The framework's types that can be part of a saved flow, in a fixed order. Append only, at the end: a type's place is part of saved
/// flows. Interfaces and abstract classes stand here because they can be type arguments.
/// </summary>
internal static class FrameworkTypeTable
{
    private static readonly Type[] Types =
    [
        // 0: the commonest; their places fit one byte
        typeof(string), typeof(object), typeof(bool), typeof(byte), typeof(sbyte), typeof(char), typeof(short), typeof(ushort),
        typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float), typeof(double), typeof(decimal), typeof(Guid),
        typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly), typeof(Nullable<>),
        typeof(List<>), typeof(Dictionary<,>), typeof(HashSet<>), typeof(KeyValuePair<,>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>),
        typeof(Func<>), typeof(Func<,>), typeof(Action), typeof(Action<>),

        // 32: values
        typeof(Half), typeof(Int128), typeof(UInt128), typeof(nint), typeof(nuint), typeof(BigInteger), typeof(Complex), typeof(Rune),
        typeof(Index), typeof(Range), typeof(DayOfWeek), typeof(DateTimeKind), typeof(StringComparison), typeof(HttpStatusCode),
        typeof(ValueTuple), typeof(ValueTuple<>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>), typeof(ValueTuple<,,,,,>),
        typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>),
        typeof(Tuple<,,,,,,>),
        typeof(Tuple<,,,,,,,>),
        typeof(Uri), typeof(Version), typeof(StringBuilder), typeof(Type), typeof(CancellationToken), typeof(JsonElement), typeof(JsonNode),
        typeof(ArraySegment<>), typeof(Memory<>), typeof(ReadOnlyMemory<>), typeof(DBNull), typeof(CultureInfo), typeof(StrongBox<>),

        // collections
        typeof(SortedDictionary<,>), typeof(SortedList<,>), typeof(SortedSet<>), typeof(Queue<>), typeof(Stack<>), typeof(LinkedList<>),
        typeof(PriorityQueue<,>), typeof(ConcurrentDictionary<,>), typeof(ConcurrentQueue<>), typeof(ConcurrentStack<>),
        typeof(ReadOnlyCollection<>), typeof(ReadOnlyDictionary<,>), typeof(Collection<>),
        typeof(Dictionary<,>.KeyCollection), typeof(Dictionary<,>.ValueCollection),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableDictionary<,>), typeof(ImmutableHashSet<>),
        typeof(ImmutableSortedDictionary<,>), typeof(ImmutableSortedSet<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>),
        typeof(StringComparer), typeof(EqualityComparer<>), typeof(Comparer<>), typeof(ReferenceEqualityComparer),

        // enumerators
        typeof(List<>.Enumerator), typeof(Dictionary<,>.Enumerator), typeof(Dictionary<,>.KeyCollection.Enumerator),
        typeof(Dictionary<,>.ValueCollection.Enumerator), typeof(HashSet<>.Enumerator), typeof(Queue<>.Enumerator),
        typeof(Stack<>.Enumerator),
        typeof(LinkedList<>.Enumerator), typeof(SortedSet<>.Enumerator), typeof(SortedDictionary<,>.Enumerator),
        typeof(ImmutableArray<>.Enumerator), Internal(typeof(ImmutableArray<>),
        "System.Collections.Immutable.ImmutableArray`1+EnumeratorObject"),
        Internal(typeof(object), "System.SZGenericArrayEnumerator`1"), Internal(typeof(object), "System.GenericEmptyEnumerator`1"),
        Internal(typeof(object), "System.ArrayEnumerator"), typeof(CharEnumerator),

        // interfaces and bases, as type arguments
        typeof(IEnumerable), typeof(IEnumerator), typeof(IList), typeof(ICollection), typeof(IDictionary), typeof(IDisposable),
        typeof(IAsyncDisposable),
        typeof(IEnumerable<>), typeof(IEnumerator<>), typeof(IList<>), typeof(ICollection<>), typeof(IDictionary<,>), typeof(ISet<>),
        typeof(IReadOnlyList<>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyDictionary<,>), typeof(IReadOnlySet<>),
        typeof(IImmutableList<>), typeof(IImmutableDictionary<,>), typeof(IImmutableSet<>), typeof(IEquatable<>),
        typeof(IComparable), typeof(IComparable<>),
        typeof(IComparer<>), typeof(IEqualityComparer<>), typeof(IFormattable), typeof(Enum), typeof(ValueType), typeof(Array),
        typeof(Delegate),
        typeof(TimeProvider), typeof(ITuple), typeof(JsonObject), typeof(JsonArray), typeof(JsonValue),

        // delegates
        typeof(Func<,,>), typeof(Func<,,,>), typeof(Func<,,,,>), typeof(Func<,,,,,>), typeof(Func<,,,,,,>),
        typeof(Action<,>), typeof(Action<,,>), typeof(Action<,,,>), typeof(Action<,,,,>), typeof(Action<,,,,,>),
        typeof(Predicate<>), typeof(Comparison<>), typeof(Converter<,>), typeof(EventHandler), typeof(EventHandler<>), typeof(EventArgs),

        // exceptions
        typeof(Exception), typeof(SystemException), typeof(ApplicationException), typeof(ArgumentException), typeof(ArgumentNullException),
        typeof(ArgumentOutOfRangeException), typeof(InvalidOperationException), typeof(NotSupportedException),
        typeof(NotImplementedException),
        typeof(FormatException), typeof(ArithmeticException), typeof(OverflowException), typeof(DivideByZeroException),
        typeof(InvalidCastException),
        typeof(NullReferenceException), typeof(IndexOutOfRangeException), typeof(KeyNotFoundException), typeof(ObjectDisposedException),
        typeof(OperationCanceledException), typeof(TaskCanceledException), typeof(TimeoutException), typeof(AggregateException),
        typeof(IOException), typeof(FileNotFoundException), typeof(EndOfStreamException), typeof(InvalidDataException),
        typeof(JsonException),
        typeof(UnauthorizedAccessException), typeof(UriFormatException), typeof(ArrayTypeMismatchException), typeof(RankException),
        typeof(UnreachableException), typeof(SwitchExpressionException), typeof(CultureNotFoundException),

        // added later
        typeof(DictionaryEntry),
    ];

    // Products of what their constructor was given. Nothing else of the framework is saved by private fields, save an exception's own.
    private static readonly FrozenSet<Type> ByFields = new[]
    {
        typeof(object), typeof(EventArgs), typeof(KeyValuePair<,>), typeof(DictionaryEntry), typeof(Index), typeof(Range), typeof(StrongBox<>),
        Internal(typeof(object), "System.GenericEmptyEnumerator`1"),
        typeof(ValueTuple), typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>),
        typeof(ValueTuple<,,,,>),
        typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>),
        typeof(Tuple<,,,,,,>),
        typeof(Tuple<,,,,,,,>), typeof(ImmutableArray<>.Enumerator),
        Internal(typeof(ImmutableArray<>), "System.Collections.Immutable.ImmutableArray`1+EnumeratorObject"),
    }.ToFrozenSet();

    private static readonly FrozenDictionary<Type, int> Places =
        Types.Select((type, place) => KeyValuePair.Create(type, place)).ToFrozenDictionary();

    public static int? PlaceOf(Type definition) => Places.TryGetValue(definition, out int place) ? place : null;

    public static Type At(int place) => (uint)place < (uint)Types.Length
        ? Types[place]
        : throw FrameGraphReader.Damaged($"it refers to framework type {place} of {Types.Length}");

    /// <summary>Whether objects of a framework type are saved by their fields; a test pins the names.</summary>
    public static bool IsSavedByFields(Type definition) => ByFields.Contains(definition);

    /// <summary>The table as text, a line for each type: its place and its name; its fields where these are what is saved.</summary>
    public static IEnumerable<string> Describe() => Types.Select((type, place) =>
    {
        bool exception = type.IsSubclassOf(typeof(Exception));
        if (!exception && !IsSavedByFields(type)) return $"{place} {type}";
        IEnumerable<string> fields = SavedFields.Of(type, typeof(Exception)).Select(f => $"{f.FieldType} {f.Name}");
        return $"{place} {type}: {string.Join(", ", fields)}";
    });

    private static Type Internal(Type neighbour, string name) => neighbour.Assembly.GetType(name, throwOnError: true)!;
}
