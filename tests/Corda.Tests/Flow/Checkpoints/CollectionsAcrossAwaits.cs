using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corda.Flows;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>The framework's collections, and loops over them that are suspended in the middle.</summary>
public sealed class CollectionsAcrossAwaits
{
    private static readonly int[] Numbers = [5, 3, 9, 1, 7];

    public static TheoryData<string> Collections => [.. Made(Numbers).Keys];

    [Theory]
    [MemberData(nameof(Collections))]
    public void A_collection_keeps_its_items_and_their_order(string kind)
    {
        async FlowTask<string> Flow()
        {
            IEnumerable<int> collection = Made(Numbers)[kind];
            IEnumerable<int> same = collection;
            await Suspend(0);
            return $"{string.Join(' ', collection)} {ReferenceEquals(collection, same)} {collection.GetType()}";
        }

        Same(Flow);
    }

    [Theory]
    [MemberData(nameof(Collections))]
    public void A_loop_over_a_collection_behind_an_interface_goes_on_with_the_next_item(string kind)
    {
        async FlowTask<string> Flow()
        {
            var seen = new StringBuilder();
            IEnumerable<int> collection = Made(Numbers)[kind];
            foreach (int number in collection)
            {
                seen.Append(await Suspend(number)).Append(' ');
                if (seen.Length > 4) await Suspend(0);
            }

            foreach (int number in Made([])[kind]) seen.Append(await Suspend(number));
            return seen.ToString();
        }

        if (kind is nameof(SortedList) or "SortedDictionaryKeys" or "ConcurrentDictionaryKeys" or nameof(ConcurrentQueue<>) or nameof(ConcurrentStack<>)
            || kind.StartsWith("ImmutableL", StringComparison.Ordinal) || kind.StartsWith("ImmutableS", StringComparison.Ordinal)
            || kind.StartsWith("ImmutableH", StringComparison.Ordinal) || kind.StartsWith("ImmutableQ", StringComparison.Ordinal)
            || kind == nameof(PriorityQueue<,>))
        {
            Assert.Contains("ToList() before the await", Refusal(Flow), StringComparison.Ordinal);
        }
        else
        {
            Same(Flow);
        }
    }

    [Fact]
    public void Loops_over_every_common_collection_go_on_with_the_next_item()
    {
        static async FlowTask<string> Flow()
        {
            var seen = new StringBuilder();
            foreach (int n in new List<int>(Numbers)) seen.Append(await Suspend(n));
            foreach ((int k, string v) in Numbers.ToDictionary(n => n, n => $"v{n}")) seen.Append(await Suspend(k)).Append(v);
            foreach (int n in Numbers.ToDictionary(n => n).Keys) seen.Append(await Suspend(n));
            foreach (int n in Numbers.ToDictionary(n => n).Values) seen.Append(await Suspend(n));
            foreach (int n in new HashSet<int>(Numbers)) seen.Append(await Suspend(n));
            foreach (int n in new Queue<int>(Numbers)) seen.Append(await Suspend(n));
            foreach (int n in new Stack<int>(Numbers)) seen.Append(await Suspend(n));
            foreach (int n in new LinkedList<int>(Numbers)) seen.Append(await Suspend(n));
            foreach (int n in new SortedSet<int>(Numbers)) seen.Append(await Suspend(n));
            foreach ((int k, string v) in new SortedDictionary<int, string>(Numbers.ToDictionary(n => n, n => $"s{n}"))) seen.Append(await Suspend(k)).Append(v);
            foreach (int n in ImmutableArray.Create(Numbers)) seen.Append(await Suspend(n));
            foreach (int n in Numbers) seen.Append(await Suspend(n));
            foreach (object? n in (IEnumerable)Numbers) seen.Append(await Suspend((int)n!));
            foreach (char c in "text") seen.Append(await Suspend(c));
            foreach (char c in (IEnumerable<char>)"more") seen.Append(await Suspend(c));
            foreach (int n in new int[,] { { 1, 2 }, { 3, 4 } }) seen.Append(await Suspend(n));
            return seen.ToString();
        }

        Same(Flow);
    }

    [Fact]
    public void A_loop_sees_what_was_changed_before_it_is_entered_again_and_fails_when_its_list_changes_under_it()
    {
        static async FlowTask<string> Flow()
        {
            var list = new List<int>(Numbers);
            var set = new HashSet<int>(Numbers);
            var map = Numbers.ToDictionary(n => n);
            var seen = new StringBuilder();
            foreach (int n in list)
            {
                if (n != 9) continue;
                list.Remove(n);
                await Suspend(0);
                break;
            }

            foreach ((int k, _) in map)
            {
                map.Remove(k);
                seen.Append(await Suspend(k));
            }

            try
            {
                foreach (int n in list)
                {
                    list.Add(n);
                    await Suspend(0);
                }
            }
            catch (InvalidOperationException)
            {
                seen.Append("list changed ");
            }

            try
            {
                foreach (int n in set)
                {
                    set.Add(100);
                    await Suspend(0);
                }
            }
            catch (InvalidOperationException)
            {
                seen.Append("set changed");
            }

            return seen.Append(map.Count).ToString();
        }

        Assert.Equal("53917list changed set changed0", Same(Flow));
    }

    [Fact]
    public void Comparers_of_the_framework_and_of_the_package_survive()
    {
        static async FlowTask<string> Flow()
        {
            var ignoring = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 };
            var byLength = new Dictionary<string, int>(new ByLength(1)) { ["ab"] = 2 };
            var descending = new SortedSet<int>(Numbers, new Descending());
            var people = new HashSet<Person> { new("ann", 1), new("bob", 2) };
            var compound = new Dictionary<(string, DayOfWeek), Person> { [("x", DayOfWeek.Friday)] = new("cid", 3) };
            var immutable = ImmutableDictionary.Create<string, int>(StringComparer.OrdinalIgnoreCase).Add("K", 4);
            var ofSets = new Dictionary<Person, HashSet<Person>> { [new("dan", 4)] = [.. people] };
            IEqualityComparer<Person> standard = EqualityComparer<Person>.Default;
            IComparer<Person> order = Comparer<Person>.Default;
            await Suspend(0);
            return $"{ignoring["a"]} {byLength["xy"]} {string.Join(' ', descending)} {people.Contains(new("bob", 2))} {compound[("x", DayOfWeek.Friday)]} {immutable["k"]} "
                + $"{ofSets[new("dan", 4)].Contains(new("ann", 1))} {ReferenceEquals(standard, EqualityComparer<Person>.Default)} {order == Comparer<Person>.Default}";
        }

        Assert.Equal("1 2 9 7 5 3 1 True Person { Name = cid, Age = 3 } 4 True True True", Same(Flow));
    }

    [Fact]
    public void Views_wrappers_and_memory_still_look_at_what_they_looked_at()
    {
        static async FlowTask<string> Flow()
        {
            var list = new List<int>(Numbers);
            ReadOnlyCollection<int> view = list.AsReadOnly();
            var map = new Dictionary<string, int> { ["a"] = 1 };
            var mapView = new ReadOnlyDictionary<string, int>(map);
            Dictionary<string, int>.KeyCollection keys = map.Keys;
            int[] array = [1, 2, 3, 4];
            var segment = new ArraySegment<int>(array, 1, 2);
            Memory<int> memory = array.AsMemory(2);
            ReadOnlyMemory<char> characters = "characters".AsMemory(2, 3);
            ImmutableArray<int> immutable = [.. array];
            ImmutableArray<int> none = default;
            var text = new StringBuilder("abc");
            StringBuilder sameText = text;
            JsonElement json = JsonDocument.Parse("""{"a":[1,2]}""").RootElement.Clone();
            JsonNode node = JsonNode.Parse("""{"b":null}""")!;
            await Suspend(0);
            list.Add(8);
            map["b"] = 2;
            array[2] = 33;
            sameText.Append('d');
            return $"{view.Count} {mapView.Count} {string.Join(',', keys)} {segment[1]} {memory.Span[0]} {characters} {immutable[1]} {none.IsDefault} {text} {json.GetProperty("a")[1]} {node.ToJsonString()}";
        }

        Assert.Equal("""6 2 a,b 33 33 ara 2 True abcd 2 {"b":null}""", Same(Flow));
    }

    private static Dictionary<string, IEnumerable<int>> Made(int[] numbers) => new()
    {
        ["Array"] = numbers,
        ["List"] = new List<int>(numbers),
        ["HashSet"] = new HashSet<int>(numbers),
        ["SortedSet"] = new SortedSet<int>(numbers),
        ["Queue"] = new Queue<int>(numbers),
        ["Stack"] = new Stack<int>(numbers),
        ["LinkedList"] = new LinkedList<int>(numbers),
        ["DictionaryKeys"] = numbers.ToDictionary(n => n).Keys,
        ["DictionaryValues"] = numbers.ToDictionary(n => n, n => n * 2).Values,
        [nameof(ConcurrentQueue<>)] = new ConcurrentQueue<int>(numbers),
        [nameof(ConcurrentStack<>)] = new ConcurrentStack<int>(numbers),
        ["ReadOnlyCollection"] = new List<int>(numbers).AsReadOnly(),
        ["Collection"] = new Collection<int>([.. numbers]),
        ["ImmutableArray"] = ImmutableArray.Create(numbers),
        ["ImmutableList"] = ImmutableList.Create(numbers),
        ["ImmutableHashSet"] = ImmutableHashSet.Create(numbers),
        ["ImmutableSortedSet"] = ImmutableSortedSet.Create(numbers),
        ["ImmutableQueue"] = ImmutableQueue.Create(numbers),
        ["ImmutableStack"] = ImmutableStack.Create(numbers),
    };

    private sealed class ByLength(int factor) : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x?.Length * factor == y?.Length * factor;

        public int GetHashCode(string text) => text.Length * factor;
    }

    private sealed class Descending : IComparer<int>
    {
        public int Compare(int x, int y) => y.CompareTo(x);
    }

    private sealed record Person(string Name, int Age);
}
