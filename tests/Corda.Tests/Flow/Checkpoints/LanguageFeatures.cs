using System.Text;
using Corda.Flows;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>Each feature of the language across awaits: restored from bytes at every suspension, a flow ends as if it had never been saved.</summary>
public sealed class LanguageFeatures
{
    [Fact]
    public void Nested_frames_go_on_where_they_were()
    {
        static async FlowTask<int> Inner(int x) => x + await Suspend(1);
        static async FlowTask<int> Middle(int x) => (await Inner(x)) + (await Inner(x * 10));
        static async FlowTask<int> Outer() => await Middle(1) + await Suspend(100) + await Middle(2);
        Assert.Equal(13 + 100 + 24, Same(Outer));
    }

    [Fact]
    public void Values_of_every_basic_type_survive()
    {
        static async FlowTask<string> Flow()
        {
            (bool b, byte u8, sbyte i8, char c) = (true, 200, -100, 'ß');
            (short i16, ushort u16, int i32, uint u32) = (short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue);
            (long i64, ulong u64, float f, double d) = (long.MinValue, ulong.MaxValue, 1.5f, Math.PI);
            decimal money = -12345678901234567890.123m;
            var id = new Guid("0123456789abcdef0123456789abcdef");
            var moment = new DateTime(2026, 7, 3, 1, 2, 3, DateTimeKind.Utc);
            var local = new DateTime(2026, 7, 3, 1, 2, 3, DateTimeKind.Local);
            var offset = new DateTimeOffset(2026, 7, 3, 1, 2, 3, TimeSpan.FromHours(-5.5));
            (TimeSpan span, DateOnly day, TimeOnly time) = (TimeSpan.FromTicks(-5), new DateOnly(2026, 1, 2), new TimeOnly(3, 4, 5));
            (Half half, Int128 big, UInt128 ubig) = ((Half)0.5, Int128.MinValue, UInt128.MaxValue);
            (DayOfWeek weekday, int? none, int? some, DayOfWeek? maybe) = (DayOfWeek.Friday, null, 7, DayOfWeek.Monday);
            (string text, string lone, string empty, string? nothing) = ("żółw 🐢 \0", "\ud800", "", null);
            var uri = new Uri("https://example.org/a?b#c");
            (Version version, System.Numerics.BigInteger huge) = (new Version(1, 2, 3), System.Numerics.BigInteger.Pow(-3, 200));
            (Index index, Range range, Rune rune) = (^1, 2..^3, new Rune('x'));
            Type type = typeof(Dictionary<string, LanguageFeatures[]>);
            await Suspend(0);
            return string.Join('|', b, u8, i8, c, i16, u16, i32, u32, i64, u64, f, d, money, id, moment.ToString("o"), local.Kind, offset.ToString("o"), span, day, time,
                half, big, ubig, weekday, none, some, maybe, text, (int)lone[0], empty, nothing is null, uri, version, huge, index, range, rune, type);
        }

        Assert.Contains("żółw 🐢", Same(Flow), StringComparison.Ordinal);
    }

    [Fact]
    public void Generic_frames_keep_their_type_arguments()
    {
        static async FlowTask<TOut> Map<TIn, TOut>(TIn value, Func<TIn, TOut> map)
        {
            TIn answered = await Suspend(value);
            return map(answered);
        }

        static async FlowTask<string> Flow() => await Map(5, x => $"n{x}") + await Map("a", s => s.Length) + await Map<List<int>, int>([1, 2], l => l.Count);
        Assert.Equal("n512", Same(Flow));
    }

    [Fact]
    public void Errors_are_caught_in_the_frame_that_waits_for_them()
    {
        static async FlowTask<int> Fails() => await SuspendThenThrow<int>(new InvalidOperationException("no"));
        static async FlowTask<string> Flow()
        {
            var log = new StringBuilder();
            try
            {
                log.Append('a');
                await Fails();
            }
            catch (InvalidOperationException error)
            {
                log.Append(error.Message);
                await Suspend(0);
                log.Append(error.Message);
            }
            finally
            {
                await Suspend(0);
                log.Append("finally");
            }

            return log.ToString();
        }

        Assert.Equal("anonofinally", Same(Flow));
    }

    [Fact]
    public void Exception_filters_see_the_exceptions_own_fields_after_a_restore()
    {
        static async FlowTask<string> Flow()
        {
            FlowTask<int> failing = Fails();
            await Suspend(0);
            try
            {
                await failing;
                return "none";
            }
            catch (OrderException e) when (e.Code == 2)
            {
                return "two";
            }
            catch (OrderException e) when (e.Code == 3)
            {
                await Suspend(0);
                return $"three {e.Message} {e.InnerException?.Message} {e.Data["k"]} {e.StackTrace!.Contains(nameof(Fails), StringComparison.Ordinal)}";
            }
        }

        static async FlowTask<int> Fails()
        {
            var error = new OrderException(3, new ArgumentException("bad", "name")) { Data = { ["k"] = 5 } };
            await Suspend(0);
            throw error;
        }

        Assert.Equal("three order 3 bad (Parameter 'name') 5 True", Same(Flow));
    }

    [Fact]
    public void Disposables_of_the_package_are_disposed_once_after_the_await()
    {
        static async FlowTask<string> Flow()
        {
            var log = new List<string>();
            using (new Scope(log, "outer"))
            {
                using var inner = new Scope(log, "inner");
                await Suspend(0);
                log.Add("body");
            }

            await Suspend(0);
            return string.Join(' ', log);
        }

        Assert.Equal("body inner outer", Same(Flow));
    }

    [Fact]
    public void Closures_are_shared_between_frames()
    {
        static async FlowTask<int> Twice(Action change)
        {
            change();
            await Suspend(0);
            change();
            return 0;
        }

        static async FlowTask<int> Flow()
        {
            int counter = 0;
            Func<int> read = () => counter;
            await Twice(() => counter++);
            counter += 10;
            await Suspend(0);
            return read() + counter;
        }

        Assert.Equal(24, Same(Flow));
    }

    [Fact]
    public void Local_functions_with_captured_variables_go_on()
    {
        static async FlowTask<int> Flow()
        {
            int sum = 0;
            async FlowTask Add(int value)
            {
                sum += await Suspend(value);
                await Suspend(0);
                sum += value;
            }

            await Add(1);
            await Add(20);
            return sum;
        }

        Assert.Equal(42, Same(Flow));
    }

    [Fact]
    public void Delegates_keep_their_targets_and_their_order()
    {
        static async FlowTask<string> Flow()
        {
            var log = new List<string>();
            Action<string> first = text => log.Add("1" + text);
            Action<string> both = first + new Scope(log, "s").Note + first;
            Func<int, int> plain = Double;
            await Suspend(0);
            both("x");
            both = (both - first)!;
            await Suspend(0);
            both("y");
            return string.Join(' ', log) + plain(4);
        }

        Assert.Equal("1x sx 1x 1y sy8", Same(Flow));
    }

    [Fact]
    public void Iterators_of_the_package_go_on_with_the_next_element()
    {
        static IEnumerable<int> Numbers(int from)
        {
            try
            {
                for (int i = from; ; i++) yield return i * i;
            }
            finally
            {
                from = 0;
            }
        }

        static async FlowTask<string> Flow()
        {
            var seen = new List<int>();
            IEnumerable<int> untouched = Numbers(7);
            foreach (int n in Numbers(1))
            {
                if (n > 20) break;
                await Suspend(0);
                seen.Add(n);
            }

            return string.Join(' ', seen) + " " + untouched.First();
        }

        Assert.Equal("1 4 9 16 49", Same(Flow));
    }

    [Fact]
    public void Records_structs_tuples_and_anonymous_types_survive()
    {
        static async FlowTask<string> Flow()
        {
            var trade = new Trade("gold", 5, new Point(1, new Inner("in", [1, 2])));
            Trade copy = trade with { Amount = 6 };
            var anonymous = new { Name = "n", Point = new Point(2, default) };
            (int A, string B, (long, Point) C) tuple = (1, "b", (2, new Point(3, default)));
            Tuple<int, string> reference = Tuple.Create(9, "t");
            object boxed = new Point(4, new Inner("boxed", null));
            object same = boxed;
            object number = 17;
            await Suspend(0);
            (int a, string b, (long c, Point d)) = tuple;
            return $"{trade} {copy} {anonymous} {a}{b}{c}{d} {reference} {boxed} {ReferenceEquals(boxed, same)} {number}";
        }

        Same(Flow);
    }

    [Fact]
    public void Shared_references_and_cycles_keep_their_shape()
    {
        static async FlowTask<string> Flow()
        {
            var a = new Node("a");
            var b = new Node("b") { Next = a };
            a.Next = b;
            object[] many = [a, b, a, "text", "text", new object[] { b }];
            many[5] = many;
            int[,] table = { { 1, 2, 3 }, { 4, 5, 6 } };
            string[][] jagged = [["x"], ["y", "z"]];
            await Suspend(0);
            return $"{ReferenceEquals(a.Next!.Next, a)} {ReferenceEquals(many[0], a)} {ReferenceEquals(many[5], many)} {table[1, 2]} {jagged[1][1]}";
        }

        Assert.Equal("True True True 6 z", Same(Flow));
    }

    [Fact]
    public void Patterns_and_deconstruction_work_across_awaits()
    {
        static async FlowTask<string> Flow()
        {
            object shape = new Trade("silver", 3, default);
            string text = shape switch
            {
                Trade { Amount: > 5 } => "big",
                Trade (var what, var amount, _) when await Suspend(amount) == 3 => $"{what}{await Suspend(1)}",
                _ => "other",
            };
            (int x, int y) = (await Suspend(1), await Suspend(2));
            return text + x + y + (await Suspend("z") is { Length: 1 } z ? z : "");
        }

        Assert.Equal("silver112z", Same(Flow));
    }

    [Fact]
    public void A_flow_object_keeps_its_fields_and_its_platform_services()
    {
        Service.Heard.Clear();
        Assert.Equal("heard 7 True", Same(() => new FlowObject(Service, TimeProvider.System).Call()));
        Assert.Equal(["7", "7"], Service.Heard);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(1000)]
    public void Recursion_unwinds_from_any_depth(int depth)
    {
        static async FlowTask<int> Sum(int n) => n == 0 ? await Suspend(0) : n + await Sum(n - 1);
        Assert.Equal(depth * (depth + 1) / 2, Same(() => Sum(depth)));
    }

    [Fact]
    public void A_chain_of_ten_thousand_objects_needs_no_stack()
    {
        static async FlowTask<int> Flow()
        {
            var first = new Node("0");
            Node last = first;
            for (int i = 1; i < 100_000; i++) last = last.Next = new Node("n");
            await Suspend(0);
            int count = 0;
            for (Node? n = first; n is not null; n = n.Next) count++;
            return count;
        }

        Assert.Equal(100_000, Same(Flow));
    }

    [Fact]
    public void A_method_that_has_ended_no_longer_holds_its_variables()
    {
        static async FlowTask<int> HoldsStream()
        {
            int result = await Suspend(5);
            var stream = new MemoryStream([1, 2]);
            return result + (int)stream.Length;
        }

        static async FlowTask<int> Flow()
        {
            FlowTask<int> ended = HoldsStream();
            await Suspend(0);
            await Suspend(0);
            return await ended;
        }

        Assert.Equal(7, Same(Flow));
    }

    private static int Double(int x) => 2 * x;

    private sealed class FlowObject(PlatformService service, TimeProvider clock)
    {
        private readonly List<int> numbers = [3];

        public async FlowTask<string> Call()
        {
            numbers.Add(await Suspend(4));
            string heard = service.Hear(numbers.Sum().ToString());
            await Suspend(0);
            return $"{heard} {ReferenceEquals(clock, TimeProvider.System)}";
        }
    }

    private sealed class Scope(List<string> log, string name) : IDisposable
    {
        public void Dispose() => log.Add(name);

        public void Note(string text) => log.Add(name + text);
    }

    private sealed class OrderException(int code, Exception cause) : Exception($"order {code}", cause)
    {
        public int Code { get; } = code;
    }

    private sealed record Trade(string What, int Amount, Point Where);

    private record struct Point(int X, Inner Inner);

    private readonly record struct Inner(string Name, int[]? Numbers);

    private sealed class Node(string name)
    {
        public string Name { get; } = name;

        public Node? Next { get; set; }
    }
}
