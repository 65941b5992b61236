using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using Corda.Flows;
using CsCheck;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>Random object graphs, with shared references and cycles, come back in the same shape.</summary>
public sealed class RandomGraphs
{
    private static readonly Gen<object?> Leaf = Gen.OneOf<object?>(
        Gen.Int.Select(x => (object?)x), Gen.String.Select(x => (object?)x), Gen.Double.Select(x => (object?)x), Gen.Long.Select(x => (object?)x),
        Gen.Decimal.Select(x => (object?)x), Gen.Guid.Select(x => (object?)x), Gen.DateTime.Select(x => (object?)x), Gen.Char.Select(x => (object?)x),
        Gen.Bool.Select(x => (object?)x), Gen.Byte.Array[0, 20].Select(x => (object?)x), Gen.Int.Array[0, 5].Select(x => (object?)x),
        Gen.Const((object?)null), Gen.DateTimeOffset.Select(x => (object?)x), Gen.Enum<DayOfWeek>().Select(x => (object?)x));

    [Fact]
    public void A_graph_comes_back_in_the_same_shape()
    {
        Gen.Select(Gen.Int[0, 8], Gen.Int[0, 1_000_000], Leaf).Array[1, 25].Sample(Survives, iter: 1500, threads: 1);
    }

    private static bool Survives((int Kind, int Random, object? Leaf)[] plan)
    {
        object graph = Build(plan);
        string[] restored = new FiberDriver(restores: true).Run(() => Hold(graph));
        return Shape(graph).SequenceEqual(restored);
    }

    private static async FlowTask<string[]> Hold(object? graph)
    {
        await Suspend(0);
        return Shape(graph);
    }

    private static string[] Shape(object? graph)
    {
        var shape = new List<string>();
        Describe(graph, shape, new Dictionary<object, int>(ReferenceEqualityComparer.Instance));
        return [.. shape];
    }

    private static object?[] Build((int Kind, int Random, object? Leaf)[] plan)
    {
        var made = new List<object?> { null };
        foreach ((int kind, int random, object? leaf) in plan)
        {
            object? other = made[random % made.Count];
            object? another = made[random / 7 % made.Count];
            made.Add(kind switch
            {
                0 => leaf,
                1 => new List<object?> { leaf, other, another },
                2 => new object?[] { other, leaf, other },
                3 => new Dictionary<int, object?> { [random] = other, [random + 1] = leaf },
                4 => new Link { Value = leaf, Next = other as Link ?? new Link { Value = another } },
                5 => ImmutableList.Create(other, leaf),
                6 => new Pair(leaf, (random, other)),
                7 => (random, leaf, other),
                _ => new Queue<object?>([leaf, another]),
            });
            if (random % 3 == 0 && made.OfType<Link>().FirstOrDefault() is { } link) link.Value = made[^1];
            if (random % 5 == 0 && made.OfType<List<object?>>().LastOrDefault() is { } list) list.Add(made[^1]);
        }

        return made.ToArray();
    }

    private static void Describe(object? value, List<string> shape, Dictionary<object, int> seen)
    {
        if (value is null)
        {
            shape.Add("null");
            return;
        }

        if (seen.TryGetValue(value, out int number))
        {
            shape.Add($"#{number}");
            return;
        }

        // Boxes made by this walk itself have no identity to keep.
        if (!value.GetType().IsValueType) seen.Add(value, seen.Count);
        shape.Add(value.GetType().ToString());
        switch (value)
        {
            case string or byte or int or double or long or decimal or Guid or char or bool or Enum:
                shape.Add($"{value}");
                break;
            case DateTime or DateTimeOffset:
                shape.Add($"{value:o}");
                break;
            case IEnumerable items:
                foreach (object? item in items) Describe(item, shape, seen);
                break;
            default:
                foreach (FieldInfo field in value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)) Describe(field.GetValue(value), shape, seen);
                break;
        }
    }

    private sealed class Link
    {
        public object? Value { get; set; }

        public Link? Next { get; set; }
    }

    private sealed record Pair(object? First, (int Number, object? Second) Rest);
}
