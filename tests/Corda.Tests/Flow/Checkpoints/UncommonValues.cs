using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corda.Flows;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>Values that are rare in flows, and must all the same come back as they were or be refused by name.</summary>
public sealed class UncommonValues
{
    [Theory]
    [InlineData(65)]
    [InlineData(999)]
    public void Deep_json_comes_back(int depth)
    {
        async FlowTask<string> Flow()
        {
            JsonNode node = Nested(depth);
            JsonElement element = JsonDocument.Parse(node.ToJsonString(), new JsonDocumentOptions { MaxDepth = 2000 }).RootElement.Clone();
            await Suspend(0);
            return node.ToJsonString() + element.GetRawText();
        }

        Assert.Equal(4 * depth, Same(Flow).Length);
    }

    [Fact]
    public void A_node_too_deep_to_be_written_is_refused_by_name()
    {
        static async FlowTask Flow()
        {
            JsonNode tower = Nested(1100);
            await Suspend(0);
            _ = tower.Root;
        }

        string message = Refusal(Flow);
        Assert.Contains("local variable 'tower' is a System.Text.Json.Nodes.JsonArray", message, StringComparison.Ordinal);
        Assert.Contains("1000 levels", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_element_that_was_read_liberally_is_read_so_again()
    {
        static async FlowTask<string> Flow()
        {
            JsonElement element = Liberal("""{"a":[1,2,/* two */],}""");
            await Suspend(0);
            return $"{element.GetProperty("a").GetArrayLength()}";
        }

        Assert.Equal("2", Same(Flow));
    }

    [Fact]
    public void An_element_of_a_disposed_document_is_refused_by_name()
    {
        static async FlowTask Flow()
        {
            JsonElement late = OfDisposedDocument();
            await Suspend(0);
            _ = late.ValueKind;
        }

        string message = Refusal(Flow);
        Assert.Contains("'late'", message, StringComparison.Ordinal);
        Assert.Contains("keep a Clone()", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_goes_on_comparing_names_as_it_did()
    {
        static async FlowTask<string> Flow()
        {
            JsonNode any = JsonNode.Parse("""{"Name":1}""", new JsonNodeOptions { PropertyNameCaseInsensitive = true })!;
            JsonNode exact = JsonNode.Parse("""{"Name":1}""")!;
            await Suspend(0);
            return $"{any["name"]} {exact["name"] is null}";
        }

        Assert.Equal("1 True", Same(Flow));
    }

    [Fact]
    public void Comparers_of_values_survive()
    {
        static async FlowTask<string> Flow()
        {
            ImmutableDictionary<string, string> hashed = ImmutableDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase, StringComparer.OrdinalIgnoreCase).Add("a", "X");
            ImmutableSortedDictionary<int, string> sorted = ImmutableSortedDictionary.Create<int, string>(null, new SameFirstLetter()).Add(1, "milk");
            await Suspend(0);
            return $"{hashed.ContainsValue("x")} {hashed["A"]} {sorted.ContainsValue("mouse")} {sorted.ValueComparer.GetType().Name}";
        }

        Assert.Equal("True X True SameFirstLetter", Same(Flow));
    }

    [Fact]
    public void A_priority_queue_goes_on_in_its_order()
    {
        static async FlowTask<string> Flow()
        {
            var queue = new PriorityQueue<string, int>();
            foreach (string word in "the quick brown fox jumps over the lazy dog".Split(' ')) queue.Enqueue(word, word.Length);
            var longest = new PriorityQueue<string, string>([("a", "a"), ("b", "bb")], Comparer<string>.Create(static (x, y) => y.Length - x.Length));
            var seen = new List<string> { longest.Count.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            longest = new PriorityQueue<string, string>(longest.UnorderedItems, new LongestFirst());
            while (queue.TryDequeue(out string? word, out _)) seen.Add(await Suspend(word));
            return string.Join(' ', seen) + longest.Dequeue();
        }

        Assert.EndsWith("b", Same(Flow), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Keys_that_hash_over_another_collection_are_found_again_whichever_is_referred_to_first(bool innerFirst)
    {
        async FlowTask<string> Flow()
        {
            var members = new HashSet<Word> { new("ann"), new("bob") };
            var group = new Group(members);
            var topics = new Dictionary<Group, string> { [group] = "tea" };
            var all = new HashSet<Group> { group, new([new Word("cid")]) };
            object first = innerFirst ? members : topics;
            object second = innerFirst ? topics : members;
            await Suspend(0);
            return $"{topics[group]} {topics.ContainsKey(new Group([new Word("bob"), new Word("ann")]))} {all.Contains(new Group([new Word("cid")]))} {first != second}";
        }

        Assert.Equal("tea True True True", Same(Flow));
    }

    private static JsonElement Liberal(string json) =>
        JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }).RootElement.Clone();

    private static JsonElement OfDisposedDocument()
    {
        using JsonDocument document = JsonDocument.Parse("[1]");
        return document.RootElement;
    }

    private static JsonNode Nested(int depth)
    {
        JsonNode node = new JsonArray();
        for (int i = 1; i < depth; i++) node = new JsonArray(node);
        return node;
    }

    private sealed record Word(string Text);

    /// <summary>Equal to another with the same members.</summary>
    private sealed class Group(HashSet<Word> members) : IEquatable<Group>
    {
        private readonly HashSet<Word> members = members;

        public bool Equals(Group? other) => other is not null && members.SetEquals(other.members);

        public override bool Equals(object? obj) => Equals(obj as Group);

        public override int GetHashCode() => members.Aggregate(members.Count, static (hash, word) => hash ^ word.GetHashCode());
    }

    private sealed class SameFirstLetter : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x?[0] == y?[0];

        public int GetHashCode(string text) => text[0];
    }

    private sealed class LongestFirst : IComparer<string>
    {
        public int Compare(string? x, string? y) => y!.Length - x!.Length;
    }
}
